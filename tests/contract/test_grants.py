"""Grants, the spending guard and the rate limit."""

from decimal import Decimal

import pytest

from contract_tests.grants import CALLBACK, MONEY, NOTHING, SANDBOX, STATE, Grants, Need, parse_cap, parse_handsets
from contract_tests.rate_limit import WINDOW_SECONDS, RateLimiter
from contract_tests.spending_guard import CapReachedError, Guard, NotAllowedError

MINE, STRANGE = "61400000001", "61400000002"
READ_ONLY = Grants()
STATEFUL = Grants(spend=Decimal(0))
PAYING = Grants(spend=Decimal(2), to=(MINE,))
HERE = Grants(is_sandbox=True)


@pytest.mark.parametrize(
    ("grants", "granted"),
    [
        (READ_ONLY, {NOTHING}),
        (STATEFUL, {NOTHING, STATE}),
        (Grants(spend=Decimal(2)), {NOTHING, STATE}),
        (Grants(spend=Decimal(0), to=(MINE,)), {NOTHING, STATE}),
        (PAYING, {NOTHING, STATE, MONEY}),
        (Grants(has_callback=True), {NOTHING, CALLBACK}),
        (HERE, {NOTHING, STATE, MONEY, SANDBOX}),
        (Grants(is_sandbox=True, has_callback=True), set(Need)),
    ],
)
def test_grants_decide_which_tests_run(grants: Grants, granted: set[Need]) -> None:
    assert {item for item in Need if grants.reason_to_skip({item}) is None} == granted


def test_a_reason_to_skip_names_the_variable() -> None:
    assert "SPEND" in str(READ_ONLY.reason_to_skip({STATE}))
    assert "TO" in str(STATEFUL.reason_to_skip({MONEY, STATE}))
    assert "CALLBACK_URL" in str(PAYING.reason_to_skip({MONEY, CALLBACK}))
    assert "sandbox" in str(PAYING.reason_to_skip({SANDBOX}))


def test_handsets_are_numbers_in_international_form() -> None:
    assert parse_handsets(" +61491570156, 61491570157 ") == ("61491570156", "61491570157")
    assert parse_handsets("") == ()
    for bad in ("0491570156", "x", "614915701560000000"):
        with pytest.raises(ValueError, match="TO contains"):
            parse_handsets(bad)


def test_a_cap_is_an_amount() -> None:
    assert parse_cap("2.50") == Decimal("2.5")
    for bad in ("-1", "x", "1e9", "inf", ""):
        with pytest.raises(ValueError, match="SPEND is"):
            parse_cap(bad)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("send-sms", {"to": STRANGE, "message": "hi"}),
        ("send-sms", {"to": f"{MINE}, +61 400 000 002", "message": "hi"}),
        ("send-sms", {"to": "0400000001", "countrycode": "AU", "message": "hi"}),
        ("send-sms", {"list_id": 7, "message": "hi"}),
        ("send-sms", {"list_id": 7, "to": MINE, "message": "hi"}),
        ("message-reply", {"from": STRANGE, "to": MINE, "message": "hi"}),
        ("add-to-list", {"list_id": 7, "msisdn": STRANGE}),
        ("edit-number-options", {"number": "1", "forward_sms": f"{MINE},{STRANGE}"}),
        ("add-client", {"name": "x"}),
        ("lease-number", {}),
        ("add-keyword", {"keyword": "x", "number": "1"}),
        ("add-contacts-bulk", {"list_id": 7, "file_url": "http://x"}),
    ],
)
def test_some_calls_are_never_made(method: str, params: dict[str, object]) -> None:
    with pytest.raises(NotAllowedError):
        Guard(PAYING).check(method, params)
    Guard(HERE).check(method, params)


def test_granted_and_fictitious_numbers_are_allowed() -> None:
    guard = Guard(PAYING)
    guard.check("send-sms", {"to": f"+{MINE}", "message": "hi"})
    guard.check("send-sms", {"to": "nonsense", "message": "hi"})
    guard.check("add-to-list", {"list_id": 7, "msisdn": "61491570156"})
    guard.check("get-sms", {"message_id": 7, "to": STRANGE})


def test_a_list_may_get_a_message_if_all_its_members_may() -> None:
    guard = Guard(PAYING)
    guard.record("add-list", {"name": "x"}, {"id": 7})
    guard.record("add-to-list", {"msisdn": MINE}, {"list_id": 7})
    guard.check("send-sms", {"list_id": 7, "message": "hi"})
    guard.record("add-to-list", {"msisdn": "61491570156"}, {"list_id": 7})
    with pytest.raises(NotAllowedError):
        guard.check("send-sms", {"list_id": 7, "message": "hi"})


def test_spending_never_exceeds_the_cap() -> None:
    guard = Guard(Grants(spend=Decimal("2.1"), to=(MINE,)))
    for _ in range(8):
        guard.check("send-sms", {"to": MINE, "message": "hi"})
        guard.record("send-sms", {"to": MINE}, {"cost": Decimal("0.25"), "sms": 1})
    assert guard.spent == Decimal("2.00")
    with pytest.raises(CapReachedError, match="SPEND is used up"):
        guard.check("send-sms", {"to": MINE, "message": "hi"})


def test_an_unknown_price_is_assumed_to_be_high() -> None:
    guard = Guard(Grants(spend=Decimal("0.99"), to=(MINE,)))
    with pytest.raises(CapReachedError):
        guard.check("send-sms", {"to": MINE, "message": "hi"})


def test_long_texts_and_several_handsets_count() -> None:
    guard = Guard(Grants(spend=Decimal(5), to=(MINE, STRANGE)), price=Decimal(1))
    guard.check("send-sms", {"to": MINE, "message": "x" * 67 * 3})
    with pytest.raises(CapReachedError):
        guard.check("send-sms", {"to": f"{MINE},{STRANGE}", "message": "x" * 67 * 3})


def test_the_rate_limiter_holds_its_rate() -> None:
    now, passed = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    limiter = RateLimiter(5, clock=lambda: now[0], sleep=sleep)
    for _ in range(23):
        limiter.wait()
        passed.append(now[0])
        now[0] += 0.01
    assert all(later - earlier > WINDOW_SECONDS - 1e-9 for earlier, later in zip(passed, passed[5:], strict=False))
    assert passed[-1] < 5 * WINDOW_SECONDS


def test_a_rate_of_zero_is_no_limit() -> None:
    limiter = RateLimiter(0, sleep=lambda _: pytest.fail("it waited"))
    for _ in range(100):
        limiter.wait()
