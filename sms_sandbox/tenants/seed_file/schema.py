"""What a seed file may say."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, field

from ...control.outbox import is_sender_id
from ...control.shapes.carrier_rules import NewRule
from ...control.shapes.faults import NewFault
from ...control.shapes.primitives import Name, Request, Seconds, Text, Words, check_moment
from ...control.shapes.tenants import Key, Money, Rate, Secret
from ...domain import keywords, numbers
from ...domain.callbacks import is_http_url
from ...domain.profiles import ProfileName
from ...domain.text import MAX_PARTS, segments
from ...services.send_message import NO_RECORD, preview

Mail = Annotated[str, Meta(min_length=3, max_length=255, pattern=r"^[^@\x00-\x20,]+@[^@\x00-\x20,]+$(?!\n)")]
Margin = Annotated[float, Meta(ge=0, le=1000)]
Slots = Annotated[list[Words], Meta(max_length=10)]


def check_url(url: str | None) -> None:
    if url is not None and not is_http_url(url):
        raise ValueError(f'"{url[:80]}" is no http or https address')


def msisdn(written: str) -> str:
    """The digits of a handset's number. Raises ValueError."""
    found = numbers.to_msisdn(written, "AU")
    if found is None:
        raise ValueError(f'"{written[:40]}" is no number')
    return found


class Handset(str):
    """A number, as it was read from what was written."""

    __slots__ = ()


class Account(Request, kw_only=True):
    """An account in a world of its own, and that world's settings."""

    key: Key
    secret: Secret
    name: Name | None = None
    seed: Text | None = None
    balance: Money | None = None
    throttle: Rate | None = None
    profile: ProfileName | None = None
    strict_senders: bool | None = None
    delivery_seconds: Seconds | None = None
    frozen_at: datetime | None = None
    dlr_url: str | None = None
    reply_url: str | None = None
    link_hits_url: str | None = None

    def __post_init__(self) -> None:
        if self.frozen_at is not None:
            check_moment("frozen_at", self.frozen_at)
        for url in (self.dlr_url, self.reply_url, self.link_hits_url):
            check_url(url)

    @property
    def urls(self) -> dict[str, str | None]:
        """Where its callbacks go."""
        return {"dlr_url": self.dlr_url, "reply_url": self.reply_url, "link_hits_url": self.link_hits_url}


class Owned(Request, kw_only=True):
    """Something of an account, which is named by its key; of the default account, if it is not."""

    account: Key | None = None


class Contact(Request, kw_only=True):
    """A member of a list; `fields` are the values of the list's custom fields, by their names."""

    msisdn: Handset
    first_name: Words | None = None
    last_name: Words | None = None
    fields: dict[str, Text] = field(default_factory=dict)


class List(Owned, kw_only=True):
    """A list with its custom fields and its members."""

    name: Words
    fields: Slots = field(default_factory=list)
    automation_url: str | None = None
    contacts: list[Contact] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_url(self.automation_url)
        for contact in self.contacts:
            for name in contact.fields:
                if name not in self.fields:
                    raise ValueError(f'the list has no field "{name[:40]}", which a contact has')


class Answering(Owned, kw_only=True):
    """What is done with what comes in: `list` is the name of one."""

    on_list: Words | None = field(default=None, name="list")
    welcome_message: Text = ""
    members_message: Text = ""
    forward_url: str | None = None
    forward_email: list[Mail] = field(default_factory=list)
    forward_sms: list[Handset] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_url(self.forward_url)
        for words in (self.welcome_message, self.members_message):
            if segments(preview(words, NO_RECORD, None)).parts > MAX_PARTS:
                raise ValueError(f'"{words[:40]}…" has more than {MAX_PARTS} parts')


class Number(Answering, kw_only=True):
    """A leased number."""

    number: Handset


class Keyword(Answering, kw_only=True):
    """A keyword on a number that the account leases."""

    keyword: Words
    number: Handset
    reference: Text = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if keywords.is_reserved(self.keyword) or len(keywords.normalize(self.keyword)) > keywords.MAX_KEYWORD_LENGTH:
            raise ValueError(f'"{self.keyword[:40]}" can be no keyword')


class Client(Owned, kw_only=True):
    """A client of a reseller; its key follows from the world's seed, its secret too unless it is given."""

    name: Words
    email: Mail
    msisdn: Handset
    secret: Secret | None = None
    contact: Text | None = None
    client_pays: bool = True
    balance: Money = 0
    sms_margin: Margin = 0
    number_margin: Margin = 0


class SenderId(Owned, kw_only=True):
    """A word that the account may send from though senders are checked strictly."""

    word: Words

    def __post_init__(self) -> None:
        if not is_sender_id(self.word):
            raise ValueError(f'"{self.word[:40]}" can be no sender ID')


class Rule(NewRule, kw_only=True):
    """What the carrier does with certain messages, as control takes it."""

    account: Key | None = None


class Fault(NewFault, kw_only=True):
    """Something that shall go wrong, as control takes it."""

    account: Key | None = None


class Seed(Request, kw_only=True):
    """A whole seed file."""

    accounts: list[Account] = field(default_factory=list)
    lists: list[List] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    keywords: list[Keyword] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    sender_ids: list[SenderId] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def account(self, key: str) -> Account | None:
        """What it says of the account of a key."""
        return next((each for each in self.accounts if each.key == key), None)
