"""Shapes of e-mails and sender IDs."""

from typing import Annotated, Literal

from msgspec import Meta

from .primitives import DateTime, Id, NonEmptyText, PageInfo, PageQuery, Request, Response, Text

EmailAddress = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s,;\x00]+@[^@\s,;\x00]+$")]


class MailFilter(PageQuery):
    """A filter of mails. `to`: the whole address."""

    to: Text | None = None


class Mail(Response, rename={"from_": "from"}):
    """A mail that the account would send.

    `why`: `reply` if a message asked for replies by e-mail, `number` or `keyword` if one of those forwards to e-mail.
    """

    id: Id
    account_id: int
    why: Literal["reply", "number", "keyword"]
    from_: str
    to: str
    subject: str
    text: str
    created: DateTime


class Mails(Response):
    """A page of mails, newest first."""

    page: PageInfo
    mails: list[Mail]


class NewMail(Request, rename={"from_": "from"}):
    """A mail to send as an SMS. The part of `to` before the @ is the handset's number. The subject is not sent."""

    from_: EmailAddress
    to: EmailAddress
    text: NonEmptyText
    subject: Text = ""


class SenderIds(Response):
    """The sender IDs that the account has registered."""

    sender_ids: list[str]
