from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sms_sandbox.domain.rule_match import Match, Subject, Turns
from sms_sandbox.store import rules
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.rules import NewRule
from tests.conftest import FreshTenant

NOW = real_now()
ANY = Subject(("61491570156",), "Given", "Hi", "test-key")


def put(
    fresh: FreshTenant, match: Match | None = None, turns: Turns | None = None, first: bool = False, **what: str
) -> int:
    with fresh.store.begin() as db:
        new = NewRule(rules.API, match or Match(), turns or Turns(), what)
        return rules.add(db, fresh.tenant, new, first)


def decide(fresh: FreshTenant, kind: str = rules.API, seed: str = "seed") -> int | None:
    with fresh.store.begin() as db:
        rule = rules.find_deciding(db, fresh.tenant, kind, ANY, NOW, seed)
    return rule.id if rule else None


def order(fresh: FreshTenant) -> list[int]:
    with fresh.store.begin() as db:
        return [rule.id for rule in rules.list_rules(db, fresh.tenant, rules.API)]


def test_the_first_matching_rule_decides(fresh: FreshTenant) -> None:
    put(fresh, Match(sender="Abc"))
    second, third = put(fresh), put(fresh)
    assert decide(fresh) == second
    assert decide(fresh, rules.CARRIER) is None
    before = put(fresh, first=True)
    assert order(fresh) == [before, 1, second, third]
    assert decide(fresh) == before


def test_a_rule_with_a_count_stops_when_it_is_used_up(fresh: FreshTenant) -> None:
    counted, plain = put(fresh, turns=Turns(count=2)), put(fresh)
    assert [decide(fresh) for _ in range(4)] == [counted, counted, plain, plain]
    with fresh.store.begin() as db:
        found_rules = rules.list_rules(db, fresh.tenant, rules.API)
    assert [(rule.seen, rule.used, rule.remaining) for rule in found_rules] == [(4, 2, 0), (2, 2, None)]


def test_a_carrier_rule_that_always_applies_is_not_counted(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        rules.add(db, fresh.tenant, NewRule(rules.CARRIER, Match(), Turns(), {}))
    assert decide(fresh, rules.CARRIER) == 1
    with fresh.store.begin() as db:
        (rule,) = rules.list_rules(db, fresh.tenant, rules.CARRIER)
    assert (rule.seen, rule.used) == (0, 0)


def test_counts_are_returned_with_the_deciding_rule(fresh: FreshTenant) -> None:
    put(fresh, turns=Turns(nth=2))
    assert decide(fresh) is None
    with fresh.store.begin() as db:
        rule = rules.find_deciding(db, fresh.tenant, rules.API, ANY, NOW, "seed")
    assert rule is not None
    assert (rule.seen, rule.used) == (2, 1)


def test_all_rules_of_a_kind_are_cleared(fresh: FreshTenant) -> None:
    put(fresh)
    with fresh.store.begin() as db:
        rules.add(db, fresh.tenant, NewRule(rules.CALLBACK, Match(), Turns(), {}))
        rules.clear(db, fresh.tenant, rules.API)
    assert order(fresh) == []
    assert decide(fresh, rules.CALLBACK) == 2


def test_a_rule_can_apply_to_the_nth_call_only(fresh: FreshTenant) -> None:
    put(fresh, turns=Turns(nth=3, count=1))
    assert [decide(fresh) for _ in range(5)] == [None, None, 1, None, None]


def test_a_share_follows_from_the_seed(fresh: FreshTenant) -> None:
    put(fresh, turns=Turns(share=0.5))
    put(fresh, turns=Turns(share=0.5))
    came = [decide(fresh) for _ in range(40)]
    assert set(came) == {None, 1, 2}


def test_a_rule_ends_at_its_time(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        for until in (NOW, NOW + timedelta(seconds=1)):
            rules.add(db, fresh.tenant, NewRule(rules.API, Match(), Turns(), {}, until))
    assert decide(fresh) == 2


def test_rules_are_removed_and_reordered(fresh: FreshTenant) -> None:
    for _ in range(3):
        put(fresh)
    with fresh.store.begin() as db:
        assert rules.remove(db, fresh.tenant, 2)
        assert not rules.remove(db, fresh.tenant, 2)
        rules.reorder(db, fresh.tenant, rules.API, [3, 1])
    assert order(fresh) == [3, 1]
    assert decide(fresh) == 3
    for wrong in ([3], [3, 1, 1], [3, 2], []):
        with fresh.store.begin() as db, pytest.raises(ValueError, match="name every rule"):
            rules.reorder(db, fresh.tenant, rules.API, wrong)
    assert order(fresh) == [3, 1]


def test_the_effect_of_a_rule_is_stored_as_it_was_added(fresh: FreshTenant) -> None:
    put(fresh, Match(to="04*", text="x"), Turns(2, 3, 0.25), error="LEDGER_ERROR")
    with fresh.store.begin() as db:
        (rule,) = rules.list_rules(db, fresh.tenant, rules.API)
    assert (rule.match, rule.turns, rule.what) == (
        Match(to="04*", text="x"), Turns(2, 3, 0.25), {"error": "LEDGER_ERROR"},
    )  # fmt: skip


def test_transactions_that_count_the_same_rules_wait_for_each_other(fresh: FreshTenant) -> None:
    for to in ("61491570156", "61491570157"):
        put(fresh, Match(to=to), Turns(count=1000))

    def count(to: Sequence[str]) -> None:
        for _ in range(20):
            with fresh.store.begin() as db:
                rules.lock(db, fresh.tenant, rules.API)
                for each in to:
                    assert rules.find_deciding(db, fresh.tenant, rules.API, Subject((each,)), NOW, "seed")

    numbers = ["61491570156", "61491570157"]
    if fresh.store.embedded:
        count(numbers)
        count(numbers[::-1])
    else:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count, [numbers, numbers[::-1]] * 2))
    with fresh.store.begin() as db:
        used = {rule.used for rule in rules.list_rules(db, fresh.tenant, rules.API)}
    assert used == ({40} if fresh.store.embedded else {80})


def test_rules_can_be_reordered_and_cleared_while_they_count(fresh: FreshTenant) -> None:
    put(fresh, turns=Turns(count=5))
    put(fresh)
    with fresh.store.begin() as db:
        rules.lock(db, fresh.tenant, rules.API)
        rules.reorder(db, fresh.tenant, rules.API, [2, 1])
        rules.clear(db, fresh.tenant, rules.API)
        assert rules.list_rules(db, fresh.tenant, rules.API) == []
