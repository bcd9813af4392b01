"""Totals: what each account has in each stretch of 1,000 ids, so that a long period is counted without all its rows.

Ids are consecutive, so a stretch is complete as soon as the first id of the next one is taken. Then its rows are added
up, and those of all stretches before it that have no totals. So a tenant has the totals of all complete stretches or,
while many of its rows are deleted, of none.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from ..domain.clock import to_micros
from . import ids
from .statement import Statement
from .tables import totals as t

SIZE = 1_000
"""Ids in a stretch."""

MAX_EDGES = 20
"""Stretches across the edges of a period whose rows are read. With more of them, all rows of the period are counted."""

_LEAST, _GREATEST = -(2**62), 2**62
"""Numbers below and above all ids and moments."""

_INSIDE = -1
_NOTHING: ColumnElement[int] = literal_column("0")
_SUMS = (func.sum(t.c.total), func.sum(t.c.recipients), func.sum(t.c.parts))
_OF_KIND = (t.c.tenant == bindparam("tenant"), t.c.kind == bindparam("kind"))
_LAST = Statement(select(func.max(t.c.stretch)).where(*_OF_KIND))
_OF_ALL = Statement(select(func.sum(t.c.total)).where(*_OF_KIND, t.c.stretch + 0 <= bindparam("last")))
_EDGE = case(
    (and_(t.c.first_at >= bindparam("start"), t.c.last_at <= bindparam("end")), literal_column(str(_INSIDE))),
    else_=t.c.stretch,
).label("edge")
_OVERLAPPING = Statement(
    select(_EDGE, *_SUMS)
    .where(
        *_OF_KIND,
        t.c.account == bindparam("account"),
        t.c.stretch <= bindparam("last"),  # another process may have added one since the last was read
        t.c.first_at <= bindparam("end"),
        t.c.last_at >= bindparam("start"),
    )
    .group_by("edge")
    .limit(bindparam("rows", type_=BigInteger))
)
_FORGET = Statement(delete(t).where(*_OF_KIND))


class Sums(NamedTuple):
    """Rows of a period, and for messages their recipients, without cancelled ones, and parts."""

    total: int
    recipients: int
    parts: int


class Totals:
    """The totals of a kind of rows. `at` is the moment of a row."""

    def __init__(
        self, kind: str, table: Table, at: "Column[int]", recipients: ColumnElement[int] = _NOTHING,
        parts: ColumnElement[int] = _NOTHING,
    ) -> None:  # fmt: skip
        self.kind = kind
        of_tenant = table.c.tenant == bindparam("tenant")
        of_ids = (of_tenant, table.c.id >= bindparam("first"), table.c.id < bindparam("next"))
        sums = (func.count(), func.sum(recipients), func.sum(parts))
        self._in_period = Statement(
            select(*sums).where(
                of_tenant,
                table.c.account == bindparam("account"),
                at >= bindparam("start"),
                at <= bindparam("end"),
            )
        )
        # An index by account or time would have far more rows than the stretch, so it is made useless here.
        self._in_ids = Statement(
            select(*sums).where(
                *of_ids,
                table.c.account + 0 == bindparam("account"),
                at + 0 >= bindparam("start"),
                at + 0 <= bindparam("end"),
            )
        )
        self._of_ids = Statement(select(func.count()).select_from(table).where(*of_ids))
        stretch = (table.c.id // bindparam("size", type_=BigInteger)).label("stretch")
        account = (table.c.account + 0).label(
            "owner"
        )  # PostgreSQL would read all rows in the order of an account's index
        added = select(table.c.tenant, literal_column(f"'{kind}'"), account, stretch, func.min(at), func.max(at), *sums)
        self._add = Statement(
            insert(t).from_select(list(t.c.keys()), added.where(*of_ids).group_by(table.c.tenant, "owner", "stretch"))
        )
        mine = (table.c.tenant == bindparam("tenant_"), table.c.id == bindparam("id_"))
        sign = bindparam("sign", type_=BigInteger)
        self._move = Statement(
            update(t)
            .where(
                t.c.tenant == bindparam("tenant_"),
                t.c.kind == bindparam("kind_"),
                t.c.account == select(table.c.account).where(*mine).scalar_subquery(),
                t.c.stretch == bindparam("stretch_"),
            )
            .values(
                recipients=t.c.recipients + sign * select(recipients).where(*mine).scalar_subquery(),
                parts=t.c.parts + sign * select(parts).where(*mine).scalar_subquery(),
            )
        )

    def take_id(self, db: Connection, tenant: int) -> int:
        """Take the id of a row that is to be added. The rows of all ids before it must have been added."""
        taken = ids.take(db, tenant, self.kind)
        if taken % SIZE == 0:
            self._add_until(db, tenant, taken)
        return taken

    def add_missing(self, db: Connection, tenant: int) -> None:
        """Add the totals of complete stretches that have none."""
        self._add_until(db, tenant, ids.count(db, tenant, self.kind) - 1)

    def _add_until(self, db: Connection, tenant: int, taken: int) -> None:
        last = self._find_last(db, tenant)
        first, end = 0 if last is None else (last + 1) * SIZE, taken // SIZE * SIZE
        if first < end:
            self._add.run(db, tenant=tenant, first=first, next=end, size=SIZE)

    def _find_last(self, db: Connection, tenant: int) -> int | None:
        """Return the last stretch that has totals."""
        last: int | None = _LAST.value(db, tenant=tenant, kind=self.kind)
        return last

    @contextmanager
    def changes(self, db: Connection, tenant: int, id_: int) -> Iterator[None]:
        """Keep the totals right while the block changes a stored row."""
        stretch = id_ // SIZE
        is_complete = stretch < (ids.count(db, tenant, self.kind) - 1) // SIZE
        values = {"tenant_": tenant, "kind_": self.kind, "id_": id_, "stretch_": stretch}
        if is_complete:
            self._move.run(db, **values, sign=-1)
        yield
        if is_complete:
            self._move.run(db, **values, sign=1)

    def count(self, db: Connection, tenant: int, account: int, start: datetime | None, end: datetime | None) -> Sums:
        """Add up the rows of an account in a period. `start` and `end` are inclusive; None is no limit."""
        since, until = _LEAST if start is None else to_micros(start), _GREATEST if end is None else to_micros(end)
        where = {"tenant": tenant, "account": account, "start": since, "end": until}
        last = self._find_last(db, tenant)
        if last is not None:
            parts = _OVERLAPPING.all(db, **where, kind=self.kind, last=last, rows=MAX_EDGES + 2)
            edges = [(edge * SIZE, (edge + 1) * SIZE) for edge, *_ in parts if edge != _INSIDE]
            if len(edges) <= MAX_EDGES:
                read = [
                    self._in_ids.one(db, **where, first=first, next=next_)
                    for first, next_ in (*edges, ((last + 1) * SIZE, _GREATEST))
                ]
                return _add_up([*(sums for edge, *sums in parts if edge == _INSIDE), *(each for each in read if each)])
        return _add_up(self._in_period.all(db, **where))

    def count_all(self, db: Connection, tenant: int) -> int:
        """Count the rows of a tenant."""
        last = self._find_last(db, tenant)
        before = 0 if last is None else int(_OF_ALL.value(db, tenant=tenant, kind=self.kind, last=last) or 0)
        first = _LEAST if last is None else (last + 1) * SIZE
        return before + int(self._of_ids.value(db, tenant=tenant, first=first, next=_GREATEST))


def _add_up(rows: Sequence[Sequence[Any]]) -> Sums:
    return Sums(*(sum(int(row[place] or 0) for row in rows) for place in range(len(Sums._fields))))


def forget(db: Connection, tenant: int, *forgotten: Totals) -> None:
    """Delete totals of a tenant whose rows are deleted, all of them or many."""
    for each in forgotten:
        _FORGET.run(db, tenant=tenant, kind=each.kind)
