"""What the operations on mails and sender IDs take and answer."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .primitives import Id, PageOf, Request, Slice, Text, Words

Address = Annotated[str, Meta(max_length=254, pattern=r"^[^@\s,;\x00]+@[^@\s,;\x00]+$")]


class MailFilter(Slice):
    to: Text | None = None


class Mail(Struct, rename={"from_": "from"}):
    """A mail the account would send. `why`: a message wanted its replies mailed, or a number or keyword forwards."""

    id: Id
    account_id: int
    why: Literal["reply", "number", "keyword"]
    from_: str
    to: str
    subject: str
    text: str
    created: datetime


class Mails(Struct):
    page: PageOf
    mails: list[Mail]


class NewMail(Request, rename={"from_": "from"}):
    """A mail to become an SMS: what stands before the @ of `to` is the handset's number. The subject is not sent."""

    from_: Address
    to: Address
    text: Words
    subject: Text = ""


class SenderIds(Struct):
    """The words the account has registered to send from."""

    sender_ids: list[str]
