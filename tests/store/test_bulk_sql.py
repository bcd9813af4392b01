"""Many rows in one parameter: the rows that are stored are those of one statement each."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, String, delete, func, insert, select, update
from sqlalchemy import bindparam as b

from sms_sandbox.store.bulk_sql import to_bulk_sql, to_json
from sms_sandbox.store.statement import Statement
from sms_sandbox.store.tables import messages as m
from tests.conftest import FreshTenant

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)

ADD = Statement(
    insert(m).values(
        {column.name: b(column.name) for column in m.c if column.name not in ("dlr_url", "tracked_url")}
        | {"dlr_url": func.nullif(b("dlr_url", type_=m.c.dlr_url.type), "")}
    )
)
SET = Statement(
    update(m)
    .where(m.c.tenant == b("tenant_"), m.c.id == b("message"))
    .values(optouts=m.c.optouts + b("more"), text=b("t"))
)
DROP = Statement(delete(m).where(m.c.tenant == b("tenant_"), m.c.id == b("message")))

STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def values_of(column: Column[Any]) -> st.SearchStrategy[object]:
    if isinstance(column.type, String):
        return st.text(STORABLE, max_size=column.type.length or 20)
    return st.integers(-(2**63), 2**63 - 1)


ROW = st.fixed_dictionaries({column.name: values_of(column) for column in m.c if column.name != "tracked_url"})
WORK = st.lists(ROW, min_size=2, max_size=6, unique_by=lambda row: row["id"])


def rows_after(fresh: FreshTenant, rows: list[dict[str, Any]], many: bool) -> list[Any]:
    """Add rows, change all but the first, delete the last, and return what is there."""
    named = [{"tenant_": row["tenant"], "message": row["id"]} for row in rows]
    changes = [
        {**name, "more": place, "t": row["sender"]} for place, (name, row) in enumerate(zip(named, rows, strict=True))
    ]
    touched = []
    with fresh.store.begin() as db:
        for statement, params in ((ADD, rows), (SET, changes[1:]), (DROP, [*named[-1:], {"tenant_": 0, "message": 0}])):
            touched.append(
                statement.many(db, params) if many else sum(statement.run(db, **values) for values in params)
            )
        kept = [tuple(row) for row in db.execute(select(m).where(m.c.tenant == rows[0]["tenant"]).order_by(m.c.id))]
        db.execute(delete(m))
    return [touched, kept]


@settings(max_examples=60)
@given(WORK)
def test_many_rows_are_stored_as_one_by_one(fresh: FreshTenant, rows: list[dict[str, Any]]) -> None:
    rows = [{**row, "tenant": 7, "optouts": row["optouts"] % 1000} for row in rows]
    assert rows_after(fresh, rows, many=True) == rows_after(fresh, rows, many=False)


def test_the_statements_of_the_test_above_are_bulk_statements(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        for statement in (ADD, SET, DROP):
            statement._for(db)
            assert statement.bulk is not None
            assert statement.bulk.count("%s") == 1


def test_a_statement_with_a_parameter_without_a_type_is_not_run_in_bulk(fresh: FreshTenant) -> None:
    assert to_bulk_sql("DELETE FROM messages WHERE id = %s") is None
    assert to_bulk_sql("DELETE FROM messages WHERE id = %s::BIGINT AND text = %s") is None
    assert to_bulk_sql("DELETE FROM messages") is None


def test_a_value_that_no_column_can_hold_is_refused(fresh: FreshTenant) -> None:
    with pytest.raises(TypeError):
        to_json([(object(),)])
