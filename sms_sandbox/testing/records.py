"""What the sandbox tells, as the control API tells it. Times are in UTC, money is the account's currency."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Message:
    """A message an account sent, and how many of its recipients are in which state."""

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


@dataclass(frozen=True)
class Recipient:
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


@dataclass(frozen=True)
class Try:
    """One try of a callback: an error says why it counts as failed."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    latency_ms: float | None
    answer: str


@dataclass(frozen=True)
class Callback:
    """A callback: of which event, in which state (`waiting`, `delivered`, `given-up`), with every try; `rule` is what
    made it other than usual."""

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
    rule: str | None = None


@dataclass(frozen=True)
class Inbound:
    """Where the message of a handset arrived; `message_id` is what it answers, 0 for nothing."""

    response_id: int
    account_id: int
    message_id: int
    to: str
    is_optout: bool
    callback_url: str | None


@dataclass(frozen=True)
class Clock:
    """What a tenant's clock shows, and whether it goes on by itself."""

    now: datetime
    running: bool


@dataclass(frozen=True)
class Event:
    """Something that happened while a clock was moved."""

    at: datetime
    kind: str
    id: int


@dataclass(frozen=True)
class Advanced:
    """What an advance did: how much of what, and the first thousand things."""

    start: datetime
    end: datetime
    running: bool
    counts: dict[str, int]
    happened: list[Event]
    truncated: bool


@dataclass(frozen=True)
class Account:
    """An account and its settings."""

    id: int
    key: str
    name: str
    currency: str
    balance: float
    price: float
    throttle: int
    page_size: int
    dlr_url: str | None
    reply_url: str | None
    link_hits_url: str | None
    suspended: bool
    reseller: bool
    reseller_id: int | None
    credit_based: bool
    global_optouts: bool
