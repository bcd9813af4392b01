"""Shapes of events that failed."""

from .primitives import DateTime, PageInfo, Response


class FailedEvent(Response):
    """An event that failed in the sandbox and did not happen. `ref` is the id of its subject, as `kind` says.

    `due` is when it was to happen, `failed_at` when it was tried, both in the tenant's time.
    """

    id: int
    kind: str
    ref: int
    due: DateTime
    failed_at: DateTime
    error: str


class FailedEvents(Response):
    """A page of failed events, newest first."""

    page: PageInfo
    failed_events: list[FailedEvent]
