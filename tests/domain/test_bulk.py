"""Plans of contact imports."""

from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.bulk import Counts, ImportRow, KnownMember, MemberValues, plan_import


def known(*, active: bool = True, opted_out: bool = False, written: bool = False) -> KnownMember:
    return KnownMember("Old", None, {"1": "old", "2": "kept"}, active, opted_out, written)


NUMBERS = [str(number) for number in range(6)]
contacts = st.builds(
    ImportRow,
    st.none() | st.sampled_from(NUMBERS),
    st.sampled_from(["", "One"]),
    st.just(""),
    st.dictionaries(st.sampled_from("123"), st.just("x")),
)
knowns = st.builds(
    lambda state, written: known(active=state == "active", opted_out=state == "out", written=written),
    st.sampled_from(["active", "out", "deleted"]),
    st.booleans(),
)


@given(st.lists(contacts), st.dictionaries(st.sampled_from(NUMBERS), knowns), st.sets(st.sampled_from(NUMBERS)))
def test_every_row_is_counted_once(rows: list[ImportRow], before: dict[str, KnownMember], barred: set[str]) -> None:
    plan = plan_import(rows, before, barred)
    counts = plan.counts
    assert counts.completed == len(rows)
    assert counts.completed == counts.duplicates + counts.skipped + counts.optout + counts.imported
    assert counts.skipped == sum(row.msisdn is None for row in rows)
    new, changed = [each.msisdn for each in plan.new], [each.msisdn for each in plan.changed]
    assert len(set(new)) == len(new) == counts.imported
    assert len(set(changed)) == len(changed)
    assert not {*new, *changed} & barred
    assert not set(new) & set(before)
    assert all(before[each].active and not before[each].written for each in changed)


def test_a_repeated_number_keeps_its_first_row() -> None:
    plan = plan_import([ImportRow("1", "One", "", {"1": "a"}), ImportRow("1", "Two")], {}, ())
    assert list(plan.new) == [MemberValues("1", "One", None, {"1": "a"})]
    assert (list(plan.changed), plan.counts) == ([], Counts(2, duplicates=1, imported=1))


def test_a_member_takes_its_first_row_and_keeps_blank_values() -> None:
    rows = [ImportRow("1", "One", "", {"1": "new"}), ImportRow("1", "Two")]
    plan = plan_import(rows, {"1": known()}, ())
    assert list(plan.changed) == [MemberValues("1", "One", None, {"1": "new", "2": "kept"})]
    assert plan.counts == Counts(2, duplicates=2)


def test_rows_written_by_this_import_are_not_written_again() -> None:
    plan = plan_import([ImportRow("1", "Two")], {"1": known(written=True)}, ())
    assert (list(plan.changed), plan.counts) == ([], Counts(1, duplicates=1))


def test_a_contact_that_left_is_not_added_again() -> None:
    before = {"1": known(active=False), "2": known(active=False, opted_out=True)}
    plan = plan_import([ImportRow("1"), ImportRow("2"), ImportRow("3"), ImportRow(None)], before, {"3"})
    assert (list(plan.new), list(plan.changed)) == ([], [])
    assert plan.counts == Counts(4, duplicates=1, skipped=1, optout=2)
