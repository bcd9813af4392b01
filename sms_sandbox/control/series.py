"""The operation that counts over time, for charts."""

from datetime import UTC, timedelta

from ..store import series
from .conversion import shape_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import series as shapes

_DEFAULT_SPAN = timedelta(hours=1)


@operation("GET", "/series")
def read_series(call: Call, query: shapes.SeriesQuery) -> shapes.Series:
    """Count messages, outcomes, calls and callback attempts over time, in spans of equal length."""
    until = query.until.astimezone(UTC) if query.until else call.now
    since = query.since.astimezone(UTC) if query.since else until - _DEFAULT_SPAN
    if since >= until:
        raise ControlError("invalid", "`since` must be before `until`.")
    buckets = series.read(call.db, call.tenant.id, since, until, query.buckets)
    return shapes.Series(since, until, [_shape(each) for each in buckets])


def _shape(bucket: series.Bucket) -> shapes.Bucket:
    return shape_of(
        shapes.Bucket,
        bucket,
        latency_ms=None if bucket.latency is None else bucket.latency / 1000,
        max_latency_ms=None if bucket.max_latency is None else bucket.max_latency / 1000,
    )


OPERATIONS = (read_series,)
