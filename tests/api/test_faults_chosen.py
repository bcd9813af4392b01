"""Choice of the fault for a call."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from sms_sandbox.api import fault_injection
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.routes import load_methods
from sms_sandbox.domain.faults import Fault
from sms_sandbox.domain.rule_match import Match, Turns
from sms_sandbox.store import accounts, rules
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.rules import NewRule
from tests import api_calls
from tests.api.fault_setup import TO, add_fault, code
from tests.api.tenant_setup import BASIC, OTHER, add_other_caller
from tests.conftest import KEY, Caller, FreshTenant


def test_a_fault_is_for_one_method_or_for_all(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, method="get-lists", error="NOT_FOUND")
    assert (code(call), code(call, "get-lists")) == ("SUCCESS", "NOT_FOUND")
    add_fault(fresh, error="NO_ACCESS")
    assert (code(call), code(call, "get-lists")) == ("NO_ACCESS", "NOT_FOUND")


@pytest.mark.parametrize(
    ("match", "method", "params"),
    [
        (Match(to=TO), "send-sms", {"to": f"61491570157, {TO}"}),
        (Match(to=TO), "send-sms", {"to": "0491570156", "countrycode": "AU"}),
        (Match(to=TO), "send-sms", {"to": "0491 570 156"}),
        (Match(to="0491570156"), "send-sms", {"to": f"+{TO}"}),
        (Match(to="64211*"), "send-sms", {"to": "0211234567", "countrycode": "New Zealand"}),
        (Match(to=TO), "get-contact", {"msisdn": TO}),
        (Match(to=TO), "get-contact-sms-stats", {"mobile": "0491570156"}),
        (Match(to="614915*"), "get-number", {"number": TO}),
        (Match(sender="abc"), "send-sms", {"from": "Abc"}),
        (Match(sender=TO), "message-reply", {"from": TO}),
        (Match(text="code"), "get-balance", {"message": "Your Code"}),
    ],
)  # fmt: skip
def test_a_fault_can_match_the_values_of_a_call(
    fresh: FreshTenant, call: Caller, match: Match, method: str, params: dict[str, str]
) -> None:
    add_fault(fresh, match, error="KEY_EXISTS")
    assert code(call, method) != "KEY_EXISTS"
    assert code(call, method, **params) == "KEY_EXISTS"
    others = {"to": "61455555555,x,,1234567890123456789", "from": "Abcd", "message": "Hi", "countrycode": "nowhere"}
    assert code(call, method, **others) != "KEY_EXISTS"
    undeclared = {f"my_{name}": value for name, value in params.items()}
    assert code(call, method, **undeclared) != "KEY_EXISTS"


def test_the_key_decides_for_every_method(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, Match(key=KEY), error="KEY_EXISTS")
    assert (code(call), code(call, "send-sms", to=TO, message="Hi")) == ("KEY_EXISTS", "KEY_EXISTS")


def test_only_fields_that_the_method_declares_are_matched(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, Match(to=TO), error="KEY_EXISTS")
    assert code(call, "get-balance", to=TO, msisdn=TO) == "SUCCESS"
    assert code(call, "get-number", msisdn=TO) == "FIELD_EMPTY"


def test_a_fault_can_match_the_key_of_an_account(fresh: FreshTenant, call: Caller) -> None:
    other = add_other_caller(fresh)
    add_fault(fresh, Match(key=OTHER), error="NO_ACCESS")
    assert (code(call), code(other)) == ("SUCCESS", "NO_ACCESS")


def test_a_fault_can_begin_at_the_nth_call_and_end_after_a_count(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, turns=Turns(nth=3, count=2), error="FAILED")
    assert [code(call) for _ in range(6)] == ["SUCCESS"] * 2 + ["FAILED"] * 2 + ["SUCCESS"] * 2


def test_a_share_meets_the_same_calls_for_the_same_seed(fresh: FreshTenant, call: Caller) -> None:
    add_fault(fresh, turns=Turns(share=0.4), error="FAILED")
    codes = [code(call) for _ in range(50)]
    expected = [
        "FAILED" if Turns(share=0.4).apply_to(n, 0, f"seed of default rule 1 {n}") else "SUCCESS" for n in range(1, 51)
    ]
    assert codes == expected
    assert 10 < codes.count("FAILED") < 30


def test_a_fault_ends_by_the_clock_of_the_tenant(frozen: FreshTenant) -> None:
    call = Caller(frozen.store)
    with frozen.store.begin() as db:
        account = accounts.find_by_key(db, KEY)
        assert account is not None
        now = account.clock.now(real_now())
        for until, error in ((now, "NOT_FOUND"), (now + timedelta(seconds=1), "FAILED")):
            rules.add(
                db, frozen.tenant, NewRule("api", Match(), Turns(), Fault("api", error=error).given_fields(), until)
            )
    assert code(call) == "FAILED"


def test_delays_differ_by_call_and_repeat_for_the_same_seed(fresh: FreshTenant) -> None:
    add_fault(fresh, delay={"from": 0, "to": 5})
    account = fresh.account if fresh.account.faulty else _read(fresh)

    def seconds() -> float:
        with fresh.store.begin() as db:
            fault = fault_injection.find_fault(db, account, load_methods()["get-balance"], {})
        assert fault is not None
        return fault.delay_seconds

    delays = [seconds() for _ in range(3)]
    fault = Fault("api", delay={"from": 0, "to": 5})
    assert delays == [fault.delay_seconds("seed of default", 1, seen) for seen in (1, 2, 3)]
    assert len(set(delays)) == 3


def _read(fresh: FreshTenant) -> accounts.Account:
    with fresh.store.begin() as db:
        account = accounts.find_by_key(db, KEY)
    assert account is not None
    return account


def test_faults_that_many_calls_meet_at_once_are_counted_exactly(fresh: FreshTenant) -> None:
    add_fault(fresh, turns=Turns(count=5), error="FAILED")
    add_fault(fresh, turns=Turns(count=3), error="NO_ACCESS")
    method, gate = load_methods()["get-balance"], Gate()

    def once(_: int) -> str:
        return api_calls.answer(fresh.store, method, {}, BASIC[1].decode(), gate).code.name

    if fresh.store.embedded:  # a single thread works on this store
        codes = [once(n) for n in range(20)]
    else:
        with ThreadPoolExecutor(20) as threads:
            codes = list(threads.map(once, range(20)))
    assert (codes.count("FAILED"), codes.count("NO_ACCESS"), codes.count("SUCCESS")) == (5, 3, 12)
    with fresh.store.begin() as db:
        found_rules = rules.list_rules(db, fresh.tenant, rules.API)
    assert [(rule.seen, rule.used, rule.remaining) for rule in found_rules] == [(20, 5, 0), (15, 3, 0)]


def test_only_as_many_numbers_as_a_call_may_have_are_matched(call: Caller, fresh: FreshTenant) -> None:
    add_fault(fresh, Match(to=TO), error="LEDGER_ERROR")
    others = ",".join(["61491570157"] * 499)
    assert code(call, "send-sms", message="hi", to=f"{others},{TO}") == "LEDGER_ERROR"
    assert code(call, "send-sms", message="hi", to=f"{others},61491570157,{TO}") == "FIELD_INVALID"
