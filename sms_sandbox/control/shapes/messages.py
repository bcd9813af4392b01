"""What the operations on messages, handsets and callbacks take and answer."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from .primitives import Handset, Id, PageOf, Request, Seconds, Slice, Text, Words


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
    sender: Text | None = None
    status: Literal["scheduled", "sent", "cancelled"] | None = None
    text: Text | None = None


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
    """`sent` is whether the carrier got the message: not yet, if it is scheduled, and never, if it was called off."""

    message: Id | None = None
    msisdn: Text | None = None
    status: Literal["pending", "delivered", "soft-bounce", "hard-bounce"] | None = None
    sent: bool | None = None


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
    event: Literal["dlr", "reply", "inbound", "link-hit", "list-action"] | None = None
    state: Literal["waiting", "delivered", "given-up"] | None = None
    message: Id | None = None
    msisdn: Text | None = None


class Try(Struct):
    """One try: an error says why it counts as failed; latency is milliseconds."""

    number: int
    at: datetime
    status: int | None
    error: str | None
    latency_ms: float | None
    answer: str


class Callback(Struct):
    """`rule` says what made it other than it would have been, or made it at all, as `scenario report-twice`."""

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
    rule: str
    tries: list[Try]


class Callbacks(Struct):
    page: PageOf
    callbacks: list[Callback]
