"""What the sandbox tells, as the control API tells it. Times are in UTC, money is the account's currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


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
    made it other than usual, if anything did."""

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
    rule: str = ""


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


@dataclass(frozen=True, kw_only=True)
class Applied:
    """How often something applies: it met `seen`, did something to `used`, and does it `remaining` times more (None is
    without end). What applies always counts neither."""

    id: int
    match: Mapping[str, str]
    nth: int
    count: int | None
    share: float
    until: datetime | None
    seen: int
    used: int
    remaining: int | None


@dataclass(frozen=True, kw_only=True)
class Rule(Applied):
    """A scenario for certain messages."""

    scenario: str
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Fault(Applied):
    """Something that goes wrong, with calls of the API (`on` is `api`) or with callbacks (`callback`)."""

    on: str
    method: str | None = None
    event: str | None = None
    error: str | None = None
    status: int | None = None
    body: str | None = None
    connection: str | None = None
    callback: str | None = None
    delay: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Step:
    """What happens so many seconds after a message was sent, and `when` that is in words; `says` is the status that is
    reported, or what the handset writes."""

    after_seconds: float
    when: str
    does: str
    says: str


@dataclass(frozen=True)
class Scenario:
    """Something that can become of a message, and the numbers it happens to without any rule."""

    name: str
    summary: str
    steps: list[Step]
    numbers: list[str]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """Something that happened: a call of the API, a try of a callback, a message from a handset, or a report of the
    carrier (`kind` is `call`, `callback`, `inbound` or `report`).

    `code` is what came of it and `status` that of HTTP; `rule` is what made it other than usual; `hints` name likely
    mistakes; `cut` says that something was too long to be kept whole.
    """

    id: int
    at: datetime
    kind: str
    account_id: int | None
    method: str | None
    number: str | None
    code: str | None
    status: int | None
    rule: str | None
    took_ms: float | None
    request: Mapping[str, Any]
    reply: Any
    message_id: int | None
    hints: list[str]
    verb: str | None = None
    url: str | None = None
    error: str | None = None
    cut: bool = False
