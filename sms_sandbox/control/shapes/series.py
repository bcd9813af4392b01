"""Shapes of counts over time."""

from typing import Annotated

from msgspec import Meta

from .primitives import DateTime, Request, Response, check_time


class SeriesQuery(Request):
    """The time to count over, in spans of equal length. Left out, it is the last hour of the tenant's time."""

    since: DateTime | None = None
    until: DateTime | None = None
    buckets: Annotated[int, Meta(ge=1, le=500)] = 60

    def __post_init__(self) -> None:
        for name, time in (("since", self.since), ("until", self.until)):
            if time is not None:
                check_time(name, time)


class Bucket(Response):
    """The counts of a span of time that begins `at` a time.

    `sent` counts recipients, by the time of the message and with their status of now. `latency_ms` is the mean of the
    callback attempts, `max_latency_ms` the longest.
    """

    at: DateTime
    sent: int
    delivered: int
    soft_bounced: int
    hard_bounced: int
    calls: int
    failed_calls: int
    attempts: int
    failed_attempts: int
    latency_ms: float | None
    max_latency_ms: float | None


class Series(Response):
    """Counts over time. Those of calls and attempts are of the traffic that is kept."""

    since: DateTime
    until: DateTime
    buckets: list[Bucket]
