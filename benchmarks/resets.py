"""The delay of other calls while a tenant with many messages is reset."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, func, insert, join, literal, select, true

from sms_sandbox.store import tables
from sms_sandbox.store.schema import open_store

from .figures import Figure, Run
from .processes import control, sandbox
from .stalls import calls_during, create_list, open_api

MESSAGES_PER_MEMBER = 2
"""200,000 messages, where the list of the other benchmarks has 100,000 members."""

_COPIED = (tables.messages, tables.recipients, tables.transactions)


def resets(run: Run) -> Figure:
    """Time a client's calls on an idle server and during a reset. They are a few milliseconds apart."""
    messages = run.members * MESSAGES_PER_MEMBER
    name = f"longest call while resetting {messages:,}"
    figure = Figure(name, "ms", "the same calls, idle", 50, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        database = f"sqlite:///{Path(directory) / 'resets.db'}"
        create_list(database, 1)
        with sandbox(run.certificates, "--database", database, "--delivery-delay", "0") as server:
            call, api = open_api(run, server)
            assert api("send-sms", message="Hello", to="61491570156")["error"]["code"] == "SUCCESS"
            call.close()
        store = open_store(database)
        with store.begin() as db:
            multiply(db, messages)
        store.close()
        with sandbox(run.certificates, "--database", database) as server:
            idle = calls_during(run, server, lambda: time.sleep(run.seconds))
            began = time.perf_counter()
            kinds = {"kinds": ["messages"]}
            busy = calls_during(run, server, lambda: control(server, "POST", "/tenants/current/reset", kinds))
            took = time.perf_counter() - began
    figure.baseline.append(idle["longest"] * 1000)
    figure.sandbox.append(busy["longest"] * 1000)
    for result, when in ((idle, "idle"), (busy, f"while resetting for {took:.1f} s")):
        times = ", ".join(f"{word} {result[word] * 1000:.1f} ms" for word in ("median", "p99", "longest"))
        figure.notes.append(f"{when}: {times} of {result['calls']} calls")
    return figure


def multiply(db: Connection, messages: int) -> None:
    """Copy the only message, its recipient and its transaction until there are as many."""
    for table in _COPIED:
        numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < messages - 1))
        last = select(func.max(table.c.id)).scalar_subquery()
        copied = [column + numbers.c.n if column.name in ("id", "message") else column for column in table.c]
        db.execute(
            insert(table).from_select(
                list(table.c.keys()),
                select(*copied).select_from(join(table, numbers, true())).where(table.c.id == last),
            )
        )
