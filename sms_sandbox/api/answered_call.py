"""A call and its answer, as hints and traffic entries read them."""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

from msgspec import Struct

from ..store.scopes import PendingEntry
from .answer import Answer
from .declare import Method
from .forms import Form
from .render import Render

log = logging.getLogger(__name__)


class ReceivedCall(Struct):
    """A call as it came in."""

    at: int
    """Real time when the call came in, in microseconds since 1970."""
    began: int
    """Moment when the call came in, on the clock that only goes forward, in nanoseconds."""
    verb: str
    path: str
    content_type: str
    authorization: str
    name: str
    render: Render
    wants_json: bool
    form: Form | None = None
    """None if the body could not be read."""
    method: Method | None = None
    """None if no method has that name."""


class AnsweredCall(NamedTuple):
    """A call with the answer it got."""

    at: int
    took: int
    """Time until the response was rendered, in microseconds."""
    verb: str
    path: str
    content_type: str
    authorization: str
    name: str
    method: Method | None
    form: Form | None
    answer: Answer
    json: bytes | None
    """The body of the response, if the client asked for JSON."""


class ApiContext(NamedTuple):
    """Facts about the API that hints need besides the call."""

    methods: Mapping[str, Method]
    callback_hosts: Collection[str] = ()
    """Public hosts that callbacks may go to."""


def pending_entry(call: ReceivedCall, answer: Answer, context: ApiContext) -> PendingEntry:
    """Return the traffic entry of a call that has been answered, still to be made."""
    took = (time.perf_counter_ns() - call.began) // 1000
    tenant = answer.account.tenant if answer.account else None
    answered = AnsweredCall(
        call.at, took, call.verb, call.path, call.content_type, call.authorization, call.name, call.method, call.form,
        answer, answer.rendered if call.wants_json else None,
    )  # fmt: skip
    return PendingEntry(tenant, call.at + took, _make_entry, (answered, context))


@cache
def _entry_maker() -> Callable[[AnsweredCall, ApiContext], Any]:
    from .traffic_entry import make_entry  # late, because the first response does not need it

    return make_entry


def _make_entry(call: AnsweredCall, context: ApiContext) -> Any:
    try:
        return _entry_maker()(call, context)
    except Exception:
        log.exception("The traffic entry of a call of %s is reduced to its outcome.", call.name)
        from .traffic_entry import make_bare_entry

        return make_bare_entry(call)
