"""Traffic entries of calls, to be made when their transaction is committed."""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from ..store.scopes import PendingEntry
from .answer import Answer
from .answered_call import AnsweredCall, ApiContext, ReceivedCall

log = logging.getLogger(__name__)


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
