"""Shapes of callbacks."""

from typing import Literal

from .primitives import DateTime, Id, PageInfo, PageQuery, Response, Text


class CallbackFilter(PageQuery):
    """A filter of callbacks."""

    event: Literal["dlr", "reply", "inbound", "link-hit", "list-action"] | None = None
    state: Literal["waiting", "delivered", "given-up"] | None = None
    message: Id | None = None
    msisdn: Text | None = None


class Attempt(Response):
    """One attempt to deliver a callback. `error` says why it failed; `answer` is the start of the app's response."""

    number: int
    at: DateTime
    status: int | None
    error: str | None
    latency_ms: float | None
    answer: str


class Callback(Response):
    """A callback and its attempts. `rule` names the fault or scenario that changed it, as `scenario report-twice`."""

    id: int
    account_id: int
    event: str
    url: str
    signature: str
    message_id: int
    msisdn: str
    state: str
    created: DateTime
    next_due: DateTime | None
    rule: str
    attempts: list[Attempt]


class Callbacks(Response):
    """A page of callbacks, newest first."""

    page: PageInfo
    callbacks: list[Callback]
