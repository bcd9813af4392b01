"""What the control API takes and answers. Times are ISO 8601 in UTC, money is the account's currency."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ..domain.callbacks import is_http_url
from ..store.paging import Paging

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]{1,64}$")]
Credential = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^:\x00-\x1f\x7f\ud800-\udfff]+$")]
Handset = Annotated[str, Meta(pattern=r"^\+?[0-9]{3,15}$", description="International form, digits only.")]
Words = Annotated[str, Meta(min_length=1, max_length=2000)]
Rate = Annotated[int, Meta(ge=0, le=1_000_000, description="Calls a second; 0 is no limit.")]
Money = Annotated[float, Meta(ge=-1_000_000_000, le=1_000_000_000)]
Price = Annotated[float, Meta(ge=0, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=366 * 86400)]
Profile = Literal["seed", "vendor-2020", "legacy-2015", "throttle-2"]
Number = Annotated[int, Meta(ge=1, le=2**31)]
Size = Annotated[int, Meta(ge=1, le=1000)]


class Request(Struct, forbid_unknown_fields=True):
    """A body or query; a name it does not know is refused, since it is most likely a slip."""


class Slice(Request):
    """Which page of a list, and how many rows on it."""

    page: Number = 1
    max: Size = 100

    @property
    def paging(self) -> Paging:
        return Paging(self.page, self.max)


class Empty(Struct):
    """Nothing to say but that it is done."""


class PageOf(Struct):
    """Where in a list a page lies."""

    number: int
    count: int
    total: int


# Tenants


class NewTenant(Request):
    """A world to make; whatever is left out is made up or the server's default."""

    name: Name | None = None
    seed: Annotated[str, Meta(max_length=255)] | None = None
    key: Credential | None = None
    secret: Credential | None = None
    throttle: Rate | None = None
    balance: Money | None = None
    profile: Profile | None = None
    strict_senders: bool | None = None
    delivery_seconds: Seconds | None = None
    frozen_at: datetime | None = None


class TenantChange(Request):
    """Settings of a tenant; those left out stay."""

    profile: Profile | UnsetType = UNSET
    strict_senders: bool | UnsetType = UNSET
    delivery_seconds: Seconds | UnsetType = UNSET


class ClockState(Struct):
    """A tenant's clock: what it shows, and whether it goes on by itself."""

    now: datetime
    running: bool


class TenantState(Struct):
    """A tenant and its settings."""

    name: str
    seed: str
    created: datetime
    clock: ClockState
    profile: str
    strict_senders: bool
    delivery_seconds: float
    key: str


class TenantMade(TenantState):
    """A tenant just made, with what its caller needs to use it."""

    secret: str


class Tenants(Struct):
    page: PageOf
    tenants: list[TenantState]


# Clock


class Advance(Request):
    """How far to go: `to` a moment, or by a span of time; the parts of a span add up."""

    to: datetime | None = None
    days: Annotated[float, Meta(ge=0, le=36600)] = 0
    hours: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    minutes: Annotated[float, Meta(ge=0, le=100_000_000)] = 0
    seconds: Annotated[float, Meta(ge=0, le=4_000_000_000)] = 0


class Event(Struct):
    """Something that happened on the way; `id` is that of a message, recipient or callback, as `kind` says."""

    at: datetime
    kind: str
    id: int


class Advanced(Struct):
    """What an advance did. `happened` is cut after a thousand events, and `truncated` says so."""

    start: datetime
    end: datetime
    running: bool
    counts: dict[str, int]
    happened: list[Event]
    truncated: bool


# Traffic of messages


class Inbound(Request, rename={"from_": "from"}):
    """A message a handset sends: to the number that last wrote to it, unless `to` names another."""

    from_: Handset
    text: Words
    to: Handset | None = None


class InboundTaken(Struct):
    """Where the message of a handset arrived."""

    response_id: int
    account_id: int
    message_id: int
    to: str
    is_optout: bool
    callback_url: str | None


class MessageFilter(Slice):
    sender: str | None = None
    status: Literal["scheduled", "sent", "cancelled"] | None = None
    text: str | None = None


class Message(Struct):
    id: int
    account_id: int
    text: str
    sender: str
    send_at: datetime
    status: str
    list_id: int
    recipients: int
    parts: int
    cost: float
    delivered: int
    pending: int
    soft_bounced: int
    hard_bounced: int
    responses: int
    optouts: int
    link_hits: int


class Messages(Struct):
    page: PageOf
    messages: list[Message]


class RecipientFilter(Slice):
    message: int | None = None
    msisdn: str | None = None
    status: Literal["pending", "delivered", "soft-bounce", "hard-bounce"] | None = None


class Recipient(Struct):
    """A message on its way to one handset; `text` is what the handset shows."""

    id: int
    message_id: int
    msisdn: str
    sender: str
    text: str
    sent_at: datetime
    status: str
    reported_at: datetime | None
    optout: bool
    link_hits: int


class Recipients(Struct):
    page: PageOf
    recipients: list[Recipient]


class Fate(Request):
    """What the carrier shall report of a recipient, and when: after so many seconds from now, or never."""

    status: Literal["delivered", "soft-bounce", "hard-bounce", "never"]
    after_seconds: Seconds = 0


# Callbacks


class CallbackFilter(Slice):
    event: Literal["dlr", "reply", "inbound", "link-hit"] | None = None
    state: Literal["waiting", "delivered", "given-up"] | None = None
    message: int | None = None
    msisdn: str | None = None


class Try(Struct):
    """One try: an error says why it counts as failed; latency is milliseconds."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    latency_ms: float | None
    answer: str


class Callback(Struct):
    id: int
    account_id: int
    event: str
    url: str
    signature: str
    message_id: int
    msisdn: str
    state: str
    created: datetime
    next_due: datetime | None
    tries: list[Try]


class Callbacks(Struct):
    page: PageOf
    callbacks: list[Callback]


# The account


class AccountChange(Request):
    """Settings of the account; those left out stay. Null takes a URL away, or the page size back to the profile's."""

    throttle: Rate | UnsetType = UNSET
    page_size: Annotated[int, Meta(ge=1, le=100)] | UnsetType | None = UNSET
    balance: Money | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    dlr_url: str | UnsetType | None = UNSET
    reply_url: str | UnsetType | None = UNSET
    link_hits_url: str | UnsetType | None = UNSET
    suspended: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        for url in (self.dlr_url, self.reply_url, self.link_hits_url):
            if isinstance(url, str) and not is_http_url(url):
                raise ValueError(f"{url[:100]!r} is no http or https address")


class AccountState(Struct):
    id: int
    key: str
    currency: str
    balance: float
    price: float
    throttle: int
    page_size: int
    dlr_url: str | None
    reply_url: str | None
    link_hits_url: str | None
    suspended: bool


class Info(Struct):
    """The server: its version and addresses."""

    name: str
    version: str
    https: str
    http: str
    ca: str
    ca_bundle: str
