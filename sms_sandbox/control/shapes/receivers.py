"""Shapes of the built-in receiver."""

from typing import Annotated

from msgspec import Meta

from .primitives import DateTime, PageInfo, Request, Response, Text

AnswerStatus = Annotated[int, Meta(ge=200, le=599)]
AnswerDelay = Annotated[float, Meta(ge=0, le=15)]


class ReceiverChange(Request):
    """The answer of a receiver to every request: its status and text, and the seconds that it waits before."""

    status: AnswerStatus = 200
    body: Text = "ok"
    delay_seconds: AnswerDelay = 0


class Receiver(Response):
    """A receiver: the `url` to give to the API, how it answers, and how many requests it has kept."""

    name: str
    url: str
    status: int
    body: str
    delay_seconds: float
    requests: int


class Receivers(Response):
    """The receivers that got something or have answers of their own, by name."""

    receivers: list[Receiver]


class ReceivedRequest(Response):
    """A request that a receiver got. `url` is its path and query, `params` are the values of the query.

    `is_signed`: true if the signature is right for an account of the tenant, false if it is wrong, null without one.
    `status` is that of the answer.
    """

    id: int
    at: DateTime
    verb: str
    url: str
    params: dict[str, str]
    headers: dict[str, str]
    body: str
    is_signed: bool | None
    status: int


class ReceivedRequests(Response):
    """A page of requests, newest first."""

    page: PageInfo
    requests: list[ReceivedRequest]


class ClearedReceiver(Response):
    """A count of deleted requests."""

    cleared: int
