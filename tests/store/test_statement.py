"""Statements on the driver's own cursor."""

from sqlalchemy import bindparam, text

from sms_sandbox.store import tables
from sms_sandbox.store.statement import Statement
from tests.conftest import FreshTenant


def test_a_statement_as_text_and_one_as_expression_do_the_same(fresh: FreshTenant) -> None:
    by_words = Statement("SELECT id, key FROM accounts WHERE tenant = :tenant")
    built = Statement(
        tables.accounts.select()
        .with_only_columns(tables.accounts.c.id, tables.accounts.c.key)
        .where(tables.accounts.c.tenant == bindparam("tenant"))
    )
    with fresh.store.begin() as db:
        rows = by_words.all(db, tenant=fresh.tenant)
        assert rows == built.all(db, tenant=fresh.tenant) == [(fresh.account.id, fresh.account.key)]
        assert by_words.one(db, tenant=fresh.tenant) == rows[0]
        assert by_words.value(db, tenant=fresh.tenant) == fresh.account.id
        assert by_words.value(db, tenant=-1) is None
        assert by_words.one(db, tenant=-1) is None
        assert by_words.all(db, tenant=-1) == []


def test_a_statement_counts_the_rows_it_touched(fresh: FreshTenant) -> None:
    rename = Statement("UPDATE accounts SET name = :name WHERE tenant = :tenant")
    with fresh.store.begin() as db:
        assert rename.run(db, name="x", tenant=fresh.tenant) == 1
        assert rename.run(db, name="x", tenant=-1) == 0
        rename.many(db, [])
        rename.many(db, [{"name": "y", "tenant": -1}, {"name": "z", "tenant": fresh.tenant}])
        assert db.scalar(text("SELECT name FROM accounts")) == "z"
