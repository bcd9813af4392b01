"""Whichever statement the database fails: nothing that was answered is missing, and the books balance."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from sms_sandbox.store.database import Store
from tests.conftest import Caller, FreshTenant
from tests.store.failing_database import FailingDatabase, failing

STATEMENTS = 40
"""More than the calls of the scenario run."""


@pytest.fixture
def database(store: Store) -> Iterator[FailingDatabase]:
    with failing(store) as made:
        yield made


def test_the_books_balance_whichever_statement_fails(
    database: FailingDatabase, fresh: FreshTenant, call: Caller
) -> None:
    send = {"to": "61491570156,61491570157", "message": "Hi [firstname]"}
    answered: set[int] = set()
    statuses: set[int] = set()
    for number in range(1, STATEMENTS):
        database.arm(number, database.ways[0])
        for path, form in (("send-sms", send), ("get-balance", {}), ("send-sms", send), ("lease-number", {})):
            answer = call.http.post(f"/{path}.json", data=form)
            statuses.add(answer.status_code)
            if answer.status_code == 200 and path == "send-sms":
                answered.add(answer.json()["message_id"])
    database.disarm()
    assert statuses <= {200, 400, 503}  # 400: no number is left to lease
    with fresh.store.begin() as db:
        rows = {name: db.execute(text(f"SELECT {what}")).all() for name, what in QUERIES.items()}
    stored = {row[0] for row in rows["messages"]}
    assert answered <= stored
    assert len(stored) - len(answered) <= STATEMENTS  # one whose commit was uncertain, at most, for each failure
    assert [row[0] for row in rows["charged"]] == sorted(stored)
    assert rows["balance"] == rows["ledger"]
    assert {row[0] for row in rows["recipients of each"]} == {2}
    assert call.ok("send-sms", **send)["message_id"] > max(stored)


QUERIES = {
    "messages": "id FROM messages",
    "charged": "message FROM transactions WHERE message <> 0 ORDER BY message",
    "balance": "balance FROM accounts",
    "ledger": "CAST(sum(amount) AS bigint) FROM transactions",
    "recipients of each": "count(*) FROM recipients GROUP BY message",
}
