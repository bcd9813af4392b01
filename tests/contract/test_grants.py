"""What may run, and what may be sent."""

from decimal import Decimal

import pytest

from contract_tests.grants import CALLBACK, MONEY, NOTHING, SANDBOX, STATE, Grants, Need, cap, handsets
from contract_tests.rate_limit import WINDOW, Pacer
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
def test_what_is_granted(grants: Grants, granted: set[Need]) -> None:
    assert {each for each in Need if grants.refusal({each}) is None} == granted


def test_a_refusal_says_what_to_give() -> None:
    assert "SPEND" in str(READ_ONLY.refusal({STATE}))
    assert "TO" in str(STATEFUL.refusal({MONEY, STATE}))
    assert "CALLBACK_URL" in str(PAYING.refusal({MONEY, CALLBACK}))
    assert "sandbox" in str(PAYING.refusal({SANDBOX}))


def test_handsets_are_numbers_in_international_form() -> None:
    assert handsets(" +61491570156, 61491570157 ") == ("61491570156", "61491570157")
    assert handsets("") == ()
    for bad in ("0491570156", "x", "614915701560000000"):
        with pytest.raises(ValueError, match="TO holds"):
            handsets(bad)


def test_a_cap_is_an_amount() -> None:
    assert cap("2.50") == Decimal("2.5")
    for bad in ("-1", "x", "1e9", "inf", ""):
        with pytest.raises(ValueError, match="SPEND is"):
            cap(bad)


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
def test_what_the_suite_refuses_to_call(method: str, params: dict[str, object]) -> None:
    with pytest.raises(NotAllowedError):
        Guard(PAYING).admit(method, params)
    Guard(HERE).admit(method, params)


def test_granted_numbers_and_those_of_fiction_pass() -> None:
    guard = Guard(PAYING)
    guard.admit("send-sms", {"to": f"+{MINE}", "message": "hi"})
    guard.admit("send-sms", {"to": "nonsense", "message": "hi"})
    guard.admit("add-to-list", {"list_id": 7, "msisdn": "61491570156"})
    guard.admit("get-sms", {"message_id": 7, "to": STRANGE})


def test_a_list_may_be_written_to_if_all_its_members_may() -> None:
    guard = Guard(PAYING)
    guard.note("add-list", {"name": "x"}, {"id": 7})
    guard.note("add-to-list", {"msisdn": MINE}, {"list_id": 7})
    guard.admit("send-sms", {"list_id": 7, "message": "hi"})
    guard.note("add-to-list", {"msisdn": "61491570156"}, {"list_id": 7})
    with pytest.raises(NotAllowedError):
        guard.admit("send-sms", {"list_id": 7, "message": "hi"})


def test_what_was_spent_is_never_more_than_the_cap() -> None:
    guard = Guard(Grants(spend=Decimal("2.1"), to=(MINE,)))
    for _ in range(8):
        guard.admit("send-sms", {"to": MINE, "message": "hi"})
        guard.note("send-sms", {"to": MINE}, {"cost": Decimal("0.25"), "sms": 1})
    assert guard.spent == Decimal("2.00")
    with pytest.raises(CapReachedError, match="SPEND is used up"):
        guard.admit("send-sms", {"to": MINE, "message": "hi"})


def test_until_a_price_is_told_a_part_is_taken_to_be_dear() -> None:
    guard = Guard(Grants(spend=Decimal("0.99"), to=(MINE,)))
    with pytest.raises(CapReachedError):
        guard.admit("send-sms", {"to": MINE, "message": "hi"})


def test_long_texts_and_several_handsets_count() -> None:
    guard = Guard(Grants(spend=Decimal(5), to=(MINE, STRANGE)), price=Decimal(1))
    guard.admit("send-sms", {"to": MINE, "message": "x" * 67 * 3})
    with pytest.raises(CapReachedError):
        guard.admit("send-sms", {"to": f"{MINE},{STRANGE}", "message": "x" * 67 * 3})


def test_the_pacer_lets_so_many_pass_in_any_second() -> None:
    now, passed = [0.0], []

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pacer = Pacer(5, clock=lambda: now[0], sleep=sleep)
    for _ in range(23):
        pacer.wait()
        passed.append(now[0])
        now[0] += 0.01
    assert all(later - earlier > WINDOW - 1e-9 for earlier, later in zip(passed, passed[5:], strict=False))
    assert passed[-1] < 5 * WINDOW


def test_a_rate_of_nothing_is_no_limit() -> None:
    pacer = Pacer(0, sleep=lambda _: pytest.fail("it waited"))
    for _ in range(100):
        pacer.wait()
