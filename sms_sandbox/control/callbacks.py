"""Operations on callbacks and their attempts."""

from collections.abc import Sequence

from ..domain.redaction import redact, redact_url
from ..simulation.callbacks.queue import lane_of
from ..store import accounts, callbacks, timeline
from ..store.timeline import Plan
from .conversion import page_info, paging_of, shape_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import callbacks as shapes
from .shapes.primitives import Id


@operation("GET", "/callbacks")
def list_callbacks(call: Call, query: shapes.CallbackFilter) -> shapes.Callbacks:
    """List callbacks, newest first, each with its attempts and the time of the next one.

    Secrets in URLs and answers are replaced by …, as in traffic.
    """
    page = callbacks.list_page(
        call.db, call.tenant.id, paging_of(query), event=query.event, state=query.state, message=query.message,
        msisdn=query.msisdn,
    )  # fmt: skip
    attempts = callbacks.attempts_of(call.db, call.tenant.id, [row.id for row in page.rows])
    return shapes.Callbacks(page_info(page), [_callback(call, row, attempts[row.id]) for row in page.rows])


@operation("GET", "/callbacks/{callback}")
def read_callback(call: Call, callback: Id) -> shapes.Callback:
    """Return a callback by its id."""
    row = _find(call, callback)
    return _callback(call, row, callbacks.attempts_of(call.db, call.tenant.id, [callback])[callback])


@operation("POST", "/callbacks/{callback}/send", status=202, is_recorded=False)
def send_callback(call: Call, callback: Id) -> shapes.Callback:
    """Send a callback now. A waiting one is sent early, any other is sent once more."""
    row = _find(call, callback)
    if row.next_due is not None:
        timeline.reschedule(call.db, call.tenant.id, timeline.CALLBACK, callback, call.now)
    else:
        plan = Plan(call.now, timeline.CALLBACK, callback, {"once": True}, lane_of(call.tenant.id, row.url))
        timeline.schedule(call.db, call.tenant.id, [plan])
    return read_callback.run(call, callback)  # type: ignore[no-any-return]


def _find(call: Call, id_: int) -> callbacks.Callback:
    row = callbacks.read(call.db, call.tenant.id, id_)
    if row is None:
        raise ControlError("not_found", f"There is no callback {id_}.")
    return row


def _callback(call: Call, row: callbacks.Callback, attempts: Sequence[callbacks.Attempt]) -> shapes.Callback:
    secret = accounts.find_secret(call.db, call.tenant.id, row.account)
    return shape_of(
        shapes.Callback,
        row,
        account_id=row.account,
        message_id=row.message,
        url=redact_url(row.url, secret),
        attempts=[_attempt(attempt, secret) for attempt in attempts],
    )


def _attempt(row: callbacks.Attempt, secret: str) -> shapes.Attempt:
    return shape_of(
        shapes.Attempt,
        row,
        latency_ms=None if row.latency is None else row.latency / 1000,
        error=row.error and redact(row.error, secret),
        answer=redact(row.answer, secret),
    )


OPERATIONS = (list_callbacks, read_callback, send_callback)
