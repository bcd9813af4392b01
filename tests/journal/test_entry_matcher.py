"""Entries in memory are matched as the database matches them."""

from itertools import product

import pytest

from sms_sandbox.domain.clock import to_micros
from sms_sandbox.journal import entries, queries
from sms_sandbox.journal.entries import build_entry
from sms_sandbox.journal.entry_matcher import build_matcher
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.store.real_time import real_now
from tests.conftest import FreshTenant
from tests.store.example_rows import HANDSETS, NOON

TEXTS = ("", "Hello", "hELLO 50% of_x", "Straße ÄÖ", "İstanbul", "a\\b")
FILTERS = [
    EntryFilter(),
    EntryFilter(after=7),
    EntryFilter(kind="call"),
    EntryFilter(kind="callback", code="ok"),
    EntryFilter(method="send-sms"),
    EntryFilter(code="SUCCESS", message=2),
    EntryFilter(numbers=HANDSETS[:1]),
    EntryFilter(numbers=("6149", HANDSETS[1])),
    EntryFilter(rule="FAULT 3"),
    *(EntryFilter(text=text) for text in ("", "hello", "HELLO", "%", "_", "50% OF", "äö", "SSE", "ß", "i", "\\B", "x")),
]


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_a_filter_finds_the_same_in_memory(fresh: FreshTenant, where: EntryFilter) -> None:
    kinds = (("call", "send-sms", "SUCCESS", "fault 3"), ("callback", "dlr", "ok", ""))
    new = [
        build_entry(
            fresh.tenant, NOON, kind, account=1, method=method, code=code, text=text, rule=rule, message=number,
            numbers=HANDSETS[number : number + 2],
        )
        for (kind, method, code, rule), (number, text) in product(kinds, enumerate(TEXTS))
    ]  # fmt: skip
    with fresh.store.begin() as db:
        entries.add(db, fresh.tenant, [(to_micros(real_now()), each) for each in new], 1000)
        rows = queries.list_next(db, fresh.tenant, EntryFilter(), 1000)
        from_database = queries.list_next(db, fresh.tenant, where, 1000)
    fits = build_matcher(where)
    assert len(rows) == len(new)
    assert [each.id for each in rows if fits(each)] == [each.id for each in from_database]


def test_filters_that_need_the_database_are_refused() -> None:
    for where in (EntryFilter(failed=True), EntryFilter(params={"to": "1"}), EntryFilter(since=NOON)):
        with pytest.raises(ValueError, match="only be found by the database"):
            build_matcher(where)
