"""Shapes of messages, their recipients and inbound messages."""

from typing import Literal

from .primitives import (
    DateTime,
    Id,
    Msisdn,
    NonEmptyText,
    PageInfo,
    PageQuery,
    PhoneNumber,
    Request,
    Response,
    Seconds,
    Text,
    check_times,
)


class NewInbound(Request, rename={"from_": "from"}):
    """A message from a handset. It goes to the number that last wrote to the handset, unless `to` names another."""

    from_: Msisdn
    text: NonEmptyText
    to: Msisdn | None = None


class Inbound(Response):
    """A handset's message as it arrived. `message_id` is the message it replies to, 0 if there is none.

    `to` is the number it was sent to. `callback_url` gets a callback about it; null if none is sent.
    """

    response_id: int
    account_id: int
    message_id: int
    to: str
    is_optout: bool
    callback_url: str | None


class MessageFilter(PageQuery):
    """A filter of messages. `text`: a substring, case-insensitive. `number`: a handset, in any form.

    `status`: that of the message, or of at least one recipient. `account` and `list`: ids. `since`,
    `until`: the tenant's time at which it is sent, both included.
    """

    sender: Text | None = None
    status: Literal["scheduled", "sent", "cancelled", "pending", "delivered", "soft-bounce", "hard-bounce"] | None = (
        None
    )
    text: Text | None = None
    number: PhoneNumber | None = None
    account: Id | None = None
    list: Id | None = None
    since: DateTime | None = None
    until: DateTime | None = None

    def __post_init__(self) -> None:
        check_times(since=self.since, until=self.until)


class Message(Response):
    """A message, and how many of its recipients have each status. `number` is the handset if it has one recipient."""

    id: int
    account_id: int
    text: str
    sender: str
    number: str | None
    created: DateTime
    send_at: DateTime
    status: str
    list_id: int
    list_name: str
    tracked_url: str | None
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


class Messages(Response):
    """A page of messages, newest first."""

    page: PageInfo
    messages: list[Message]


class RecipientFilter(PageQuery):
    """A filter of recipients. `sent`: true if the message was sent, false if it is scheduled or was cancelled."""

    message: Id | None = None
    msisdn: Text | None = None
    status: Literal["pending", "delivered", "soft-bounce", "hard-bounce"] | None = None
    sent: bool | None = None


class Recipient(Response):
    """The copy of a message for one handset. The handset shows `text`.

    `codes` are the one-time codes in it, the most likely first; `links` are its links, in order.
    """

    id: int
    message_id: int
    msisdn: str
    sender: str
    text: str
    codes: list[str]
    links: list[str]
    sent_at: DateTime
    status: str
    reported_at: DateTime | None
    optout: bool
    link_hits: int


class Recipients(Response):
    """A page of recipients, newest first."""

    page: PageInfo
    recipients: list[Recipient]


class Fate(Request):
    """The status that the carrier is to report, `after_seconds` seconds from now. `never`: it reports nothing."""

    status: Literal["delivered", "soft-bounce", "hard-bounce", "never"]
    after_seconds: Seconds = 0
