"""Messages and callbacks leave no garbage of SQL.

The garbage collector runs rarely here, so each kilobyte that it must find is kept for minutes.
"""

import gc
from collections import Counter

import pytest
from sqlalchemy.sql.visitors import Visitable

from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.simulation.callbacks import shares
from sms_sandbox.simulation.runner import Runner
from tests.conftest import FreshTenant
from tests.simulation.conftest import Client, Receiver, until

pytestmark = pytest.mark.anyio

MESSAGES = 5


def count_sql() -> Counter[str]:
    """Count the parts of statements, whether something needs them or not."""
    return Counter(type(each).__name__ for each in gc.get_objects() if issubclass(type(each), Visitable))


async def test_messages_and_callbacks_leave_no_garbage_of_statements(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MAX_PER_LANE", 1)
    journal = JournalWriter(quick.store, 1000)
    await runner.start()
    hang, fail = receiver.url("/hang", delay=60), receiver.url("/fail", statuses=[500])
    other = fail.replace("127.0.0.1", "localhost")
    await call.send(dlr_callback=hang)
    await until(lambda: bool(receiver.at("/hang")))  # from now on, this address is full

    async def use(messages: int) -> None:
        before = len(receiver.at("/fail"))
        for _ in range(messages):
            await call.send(dlr_callback=hang)
            await call.send(count=2, dlr_callback=other)
        await until(lambda: len(receiver.at("/fail")) >= before + 2 * messages)
        await journal.flush()

    await use(1)  # compiles what is used from now on
    gc.collect()
    before = count_sql()
    gc.disable()
    try:
        await use(MESSAGES)
        assert not count_sql() - before
    finally:
        gc.enable()
        receiver.behaviours["/hang"].delay = 0
        await journal.stop()
