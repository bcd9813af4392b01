"""Magic senders and keys, which cause errors without a fault."""

from collections.abc import Callable

import pytest

from sms_sandbox.api.errors import Code
from sms_sandbox.domain.rule_match import Match
from sms_sandbox.store import accounts
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.real_time import real_now
from tests.api.fault_setup import TO, add_fault, balance, code
from tests.conftest import KEY, SECRET, Caller, FreshTenant


@pytest.mark.parametrize(
    ("word", "expected"),
    [("BADSENDER", "BAD_CALLER_ID"), ("nocredit", "LEDGER_ERROR"), ("Expired", "ACCOUNT_EXPIRED")],
)
def test_magic_senders_are_refused_with_their_error(fresh: FreshTenant, call: Caller, word: str, expected: str) -> None:
    refused = call.refused("send-sms", message="Hi", to=TO, from_=word)
    assert refused == (expected, Code[expected].text)
    assert balance(call) == 1000
    assert code(call, "get-balance", from_=word) == "SUCCESS"
    assert code(call, "send-sms", message="Hi", to=TO, from_=f"{word}X"[:11]) == "SUCCESS"
    add_fault(fresh, Match(sender=word), error="NOT_FOUND")
    assert code(call, "send-sms", message="Hi", to=TO, from_=word) == "NOT_FOUND"


@pytest.fixture
def magic(fresh: FreshTenant) -> Callable[[str], Caller]:
    """A caller by one of the account's magic keys."""
    return lambda ending: Caller(fresh.store, f"{KEY}-{ending}", SECRET)


def test_magic_keys_refuse_methods_that_declare_the_error(
    fresh: FreshTenant, call: Caller, magic: Callable[[str], Caller]
) -> None:
    message = {"message": "Hi", "to": TO}
    assert code(magic("badsender"), "send-sms", **message) == "BAD_CALLER_ID"
    assert code(magic("nocredit"), "send-sms", **message) == "LEDGER_ERROR"
    assert code(magic("nocredit"), "lease-number") == "LEDGER_ERROR"
    for method in ("send-sms", "get-balance", "get-lists"):
        assert code(magic("expired"), method, **message) == "ACCOUNT_EXPIRED"
    assert balance(magic("nocredit")) == balance(call) == 1000
    magic("badsender").ok("add-list", name="made by a magic key")
    assert call.ok("get-lists")["lists_total"] == 1
    add_fault(fresh, Match(key=KEY), error="NOT_FOUND")
    assert code(magic("expired")) == "NOT_FOUND"


def test_a_magic_key_needs_the_secret_and_the_account(fresh: FreshTenant, magic: Callable[[str], Caller]) -> None:
    for stranger in (
        Caller(fresh.store, f"{KEY}-expired", "wrong"), Caller(fresh.store, "nobody-expired", SECRET), magic("other"),
        magic("expired-expired"),
    ):  # fmt: skip
        assert code(stranger) == "AUTH_FAILED"


def test_a_real_account_of_that_name_wins(fresh: FreshTenant, magic: Callable[[str], Caller]) -> None:
    assert code(magic("expired")) == "ACCOUNT_EXPIRED"
    with fresh.store.begin() as db:
        accounts.add(db, fresh.tenant, NewAccount(f"{KEY}-expired", SECRET, throttle=0), real_now())
    assert code(magic("expired")) == "SUCCESS"
