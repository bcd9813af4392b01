"""Shapes of handsets and of the texts they show."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from .primitives import DateTime, NonEmptyText, PageInfo, PageQuery, Request, Response, Text

State = Literal["on", "off", "disconnected"]


class HandsetFilter(PageQuery):
    """A filter of handsets. `number`: digits that are a part of the number."""

    number: Text | None = None


class HandsetText(Response):
    """A text on a handset. `direction`: `got` is a message to it, `sent` is a message from it.

    `id` is that of the recipient if it got the text, else that of the response. `number` is the sender of the message,
    or the number that the handset wrote to. `status` is that of the recipient, `scheduled` if the message is not sent
    yet, or `received`. `codes` are one-time codes in the text, the most likely first; `links` are its links.
    """

    direction: Literal["got", "sent"]
    id: int
    at: DateTime
    number: str
    text: str
    status: str
    message_id: int
    account_id: int
    codes: list[str]
    links: list[str]
    encoding: str
    parts: int
    is_optout: bool
    keyword: str | None
    link_hits: int


class Handset(Response):
    """A handset, its newest text, and what happens to the next message to it.

    `state` and `replies` follow from `scenario`: the one of `rule_id`, the first carrier rule that always applies to
    the number; null is no rule. `opted_out_of` lists the accounts it opted out of.
    """

    number: str
    state: State
    replies: str | None
    scenario: str
    rule_id: int | None
    opted_out_of: list[int]
    last: HandsetText | None


class Handsets(Response):
    """A page of handsets, the one with the latest text first."""

    page: PageInfo
    handsets: list[Handset]


class HandsetTexts(Response):
    """A page of the texts of a handset, newest first."""

    page: PageInfo
    texts: list[HandsetText]


class HandsetChange(Request):
    """The state of a handset, and the text with which it answers each message; null is no answer.

    `off` makes messages bounce softly, `disconnected` makes them bounce hard. What is left out stays.
    """

    state: State | UnsetType = UNSET
    replies: NonEmptyText | UnsetType | None = UNSET


class Tap(Request):
    """The link to open, as it is in the text."""

    link: Annotated[str, Meta(min_length=1, max_length=2000)]


class TappedLink(Response):
    """The address that an opened short link leads to. It is null for the page behind an opt-out link."""

    target: str | None
