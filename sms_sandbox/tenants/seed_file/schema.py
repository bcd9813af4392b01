"""The schema of seed files."""

from typing import Annotated

from msgspec import Meta, field

from ...control.outbox import is_sender_id
from ...control.shapes.carrier_rules import NewRule
from ...control.shapes.faults import NewFault
from ...control.shapes.primitives import Name, NonEmptyText, Request, Text, check_callback_urls
from ...control.shapes.tenants import Key, Money, Secret, TenantSettings
from ...domain import keywords, numbers
from ...domain.text import MAX_PARTS
from ...services.message_text import NO_RECORD, Template

_Email = Annotated[str, Meta(min_length=3, max_length=255, pattern=r"^[^@\x00-\x20,]+@[^@\x00-\x20,]+$(?!\n)")]
_Margin = Annotated[float, Meta(ge=0, le=1000)]
_FieldNames = Annotated[list[NonEmptyText], Meta(max_length=10)]


def msisdn(written: str) -> str:
    """Return the digits of a handset's number in international form. Raises ValueError."""
    digits = numbers.to_msisdn(written, "AU")
    if digits is None:
        raise ValueError(f'"{written[:40]}" is not a phone number')
    return digits


class Handset(str):
    """The number of a handset in international form."""

    __slots__ = ()


class Account(TenantSettings, kw_only=True):
    """An account with its own tenant, and that tenant's settings."""

    key: Key
    secret: Secret
    name: Name | None = None
    seed: Text | None = None


class Owned(Request, kw_only=True):
    """An item that belongs to an account. `account` is its key; without one it is the default account."""

    account: Key | None = None


class Contact(Request, kw_only=True):
    """A member of a list. `fields` maps the names of the list's custom fields to values."""

    msisdn: Handset
    first_name: NonEmptyText | None = None
    last_name: NonEmptyText | None = None
    fields: dict[str, Text] = field(default_factory=dict)


class List(Owned, kw_only=True):
    """A list with its custom fields and its members."""

    name: NonEmptyText
    fields: _FieldNames = field(default_factory=list)
    automation_url: str | None = None
    contacts: list[Contact] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_callback_urls(self.automation_url)
        for contact in self.contacts:
            for name in contact.fields:
                if name not in self.fields:
                    raise ValueError(f'a contact has the field "{name[:40]}", which the list does not have')


class InboundOptions(Owned, kw_only=True):
    """The automatic actions for inbound messages. `list` is the name of a contact list."""

    list_name: NonEmptyText | None = field(default=None, name="list")
    welcome_message: Text = ""
    members_message: Text = ""
    forward_url: str | None = None
    forward_email: list[_Email] = field(default_factory=list)
    forward_sms: list[Handset] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_callback_urls(self.forward_url)
        for text in (self.welcome_message, self.members_message):
            if Template.parse(text).count_parts(NO_RECORD) > MAX_PARTS:
                raise ValueError(f'"{text[:40]}…" has more than {MAX_PARTS} parts')


class Number(InboundOptions, kw_only=True):
    """A leased number."""

    number: Handset


class Keyword(InboundOptions, kw_only=True):
    """A keyword on a number that the account leases."""

    keyword: NonEmptyText
    number: Handset
    reference: Text = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if keywords.is_reserved(self.keyword) or len(keywords.normalize(self.keyword)) > keywords.MAX_KEYWORD_LENGTH:
            raise ValueError(f'"{self.keyword[:40]}" cannot be a keyword')


class Client(Owned, kw_only=True):
    """A client of a reseller. Its key is derived from the tenant's seed, and so is its secret if none is given."""

    name: NonEmptyText
    email: _Email
    msisdn: Handset
    secret: Secret | None = None
    contact: Text | None = None
    client_pays: bool = True
    balance: Money = 0
    sms_margin: _Margin = 0
    number_margin: _Margin = 0


class SenderId(Owned, kw_only=True):
    """A sender ID that the account may use with `strict_senders`."""

    word: NonEmptyText

    def __post_init__(self) -> None:
        if not is_sender_id(self.word):
            raise ValueError(f'"{self.word[:40]}" cannot be a sender ID')


class Rule(NewRule, kw_only=True):
    """A carrier rule, as the control API accepts it."""

    account: Key | None = None


class Fault(NewFault, kw_only=True):
    """A fault, as the control API accepts it."""

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
        """Return the entry for the account with a key."""
        return next((account for account in self.accounts if account.key == key), None)
