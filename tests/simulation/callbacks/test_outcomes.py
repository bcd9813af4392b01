"""Outcomes of callback attempts that are recorded together."""

from itertools import permutations

import pytest

from sms_sandbox.simulation.callbacks.attempts import record_outcomes
from sms_sandbox.store import callbacks, timeline
from sms_sandbox.store.callbacks import NewCallback, Outcome
from sms_sandbox.store.timeline import CALLBACK, Plan
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON, seconds

SUCCESS, FAILURE = None, "answered 500"


@pytest.mark.parametrize("errors", [(FAILURE, SUCCESS), (SUCCESS, FAILURE)], ids=["second", "first"])
@pytest.mark.parametrize("order", list(permutations((0, 1))), ids=["in order", "reversed"])
def test_a_callback_with_one_success_is_delivered(
    still: FreshTenant, errors: tuple[str | None, ...], order: tuple[int, int]
) -> None:
    """Two attempts can overlap, if the first takes longer than the wait after it."""
    tenant, new = still.tenant, NewCallback(still.account.id, "dlr", "http://localhost/", "", 1, HANDSETS[0], NOON)
    with still.store.begin() as db:
        callback = callbacks.add(db, tenant, [new])
        target = callbacks.find_targets(db, [(tenant, callback)])[tenant, callback]
        began = []
        for _ in errors:
            target = callbacks.begin_attempt(db, tenant, target, NOON)
            began.append(target.began)
        timeline.schedule(db, tenant, [Plan(NOON + seconds(60), CALLBACK, callback)])
        outcomes = [
            Outcome(tenant, callback, place + 1, began[place], NOON, 200, errors[place], 1, "") for place in order
        ]
        record_outcomes(db, [(outcome, NOON) for outcome in outcomes])
        after = callbacks.read(db, tenant, callback)
        attempts = callbacks.attempts_of(db, tenant, [callback])[callback]
    assert after is not None
    assert (after.state, after.attempts, after.next_due) == (callbacks.DELIVERED, 2, None)
    assert [each.error for each in attempts] == list(errors)
