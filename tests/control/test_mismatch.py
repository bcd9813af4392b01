"""Expectations that are not met: the words for the difference, and the answers over HTTP."""

from collections.abc import Callable

import pytest

from sms_sandbox.control.mismatch import describe_difference
from sms_sandbox.journal.queries import Entry, EntryFilter
from tests.control.traffic_client import entries
from tests.sandbox import HANDSET, Account
from tests.store.example_rows import NOON


def call(number: int, method: str = "send-sms", **request: str) -> Entry:
    return Entry(
        number, NOON, "call", 1, method, [request["to"]] if "to" in request else [], "SUCCESS", 200, "", 900, 0, "POST",
        f"/{method}.json", request.get("message", ""), request, "", "", (), False,
    )  # fmt: skip


HI = EntryFilter(kind="call", method="send-sms", params={"message": "Hi"})


def test_the_nearest_entry_is_shown_with_its_difference() -> None:
    near = [call(4, "get-balance"), call(3, mesage="Hi"), call(2, message="Hi there"), call(1, message="Bye")]
    assert describe_difference("calls", HI, 0, 1, 1, near, []) == (
        "0 calls of send-sms with message 'Hi' were made, 1 was expected; "
        "the nearest: message 'Hi there' instead of 'Hi' (entry 2)."
    )


def test_too_many_matches_are_listed() -> None:
    assert describe_difference("calls", EntryFilter(method="send-sms"), 2, 1, 1, [], [7, 4]) == (
        "2 calls of send-sms were made, 1 was expected: entries 7, 4."
    )
    assert (
        describe_difference("messages", EntryFilter(), 1, 0, 0, [], [9])
        == "1 message was sent, 0 were expected: entry 9."
    )


def test_a_difference_says_if_nothing_happened_at_all() -> None:
    assert describe_difference("callbacks", EntryFilter(code="ok"), 0, 2, None, [], []) == (
        "0 callback attempts with code 'ok' were made, at least 2 were expected; no callback attempt was made at all."
    )


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (1, None, "at least 1 was expected"),
        (2, 2, "2 were expected"),
        (0, 1, "at most 1 was expected"),
        (2, 4, "from 2 to 4 were expected"),
    ],
)
def test_a_difference_says_how_many_were_expected(least: int, most: int | None, words: str) -> None:
    count = 0 if least else 9
    assert words in describe_difference("inbound", EntryFilter(), count, least, most, [], [])


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (EntryFilter(method="get-sms"), "method send-sms instead of get-sms"),
        (EntryFilter(numbers=("61491570157",)), "number 61491570156 instead of 61491570157"),
        (EntryFilter(message=7), "message none instead of 7"),
        (EntryFilter(code="OVER_LIMIT"), "code SUCCESS instead of OVER_LIMIT"),
        (EntryFilter(text="bye"), "text 'Hi' without 'bye'"),
        (EntryFilter(rule="fault 3"), "rule none instead of 'fault 3'"),
        (EntryFilter(params={"from": "SHOP"}), "no from"),
        (EntryFilter(params={"message": "y" * 200}), f"message 'Hi' instead of '{'y' * 79}…'"),
    ],
)
def test_each_condition_is_named(wanted: EntryFilter, words: str) -> None:
    difference = describe_difference("calls", wanted, 0, 1, None, [call(1, message="Hi", to="61491570156")], [])
    assert f"the nearest: {words} (entry 1)." in difference


# Over HTTP


NEAREST = (
    "0 calls of send-sms with message 'Hi' were made, at least 1 was expected; "
    "the nearest: message 'Hi there' instead of 'Hi' (entry 1)."
)


def verify(tenant: Account, subject: str, **more: object) -> tuple[bool, int, str]:
    response = tenant.ok("POST", "/verify", {"of": subject, **more})
    assert list(response) == ["ok", "found", "difference"]
    return response["ok"], response["found"], response["difference"]


def test_verify_agrees_or_explains_the_difference(frozen: Account) -> None:
    frozen.send("Hi there")
    frozen.send("Bye")
    assert verify(frozen, "calls", where={"method": "send-sms"}) == (True, 2, "")
    assert verify(frozen, "calls", where={"method": "send-sms"}, count=2) == (True, 2, "")
    assert verify(frozen, "calls", where={"method": "send-sms"}, count=1) == (
        False, 2, "2 calls of send-sms were made, 1 was expected: entries 2, 1.",
    )  # fmt: skip
    assert verify(frozen, "calls", where={"method": "send-sms"}, params={"message": "Hi"}) == (
        False,
        0,
        NEAREST,
    )
    assert verify(frozen, "messages", where={"number": "0491570156"}, params={"text": "Bye", "to": int(HANDSET)})[0]
    assert verify(frozen, "messages", at_most=1)[:2] == (False, 2)
    assert verify(frozen, "messages", at_least=1, at_most=2)[0]
    assert verify(frozen, "callbacks", count=0)[0]
    assert verify(frozen, "inbound") == (
        False, 0, "0 inbound messages were received, at least 1 was expected; no inbound message was received at all.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [{}, {"of": "sms"}, {"of": "calls", "count": 1, "at_most": 2}, {"of": "calls", "at_least": 3, "at_most": 2},
     {"of": "calls", "count": -1}, {"of": "messages", "where": {"method": "send-sms"}},
     {"of": "messages", "where": {"rule": "x"}}, {"of": "messages", "params": {"message": "x"}},
     {"of": "calls", "where": {"kind": "call"}}, {"of": "calls", "params": {"a": [1]}},
     {"of": "calls", "where": {"number": "nobody"}}],
)  # fmt: skip
def test_an_invalid_expectation_is_refused(tenant: Account, body: dict[str, object]) -> None:
    assert tenant.refused("POST", "/verify", body) == (422, "invalid")


def test_tenants_know_nothing_of_each_others_traffic(new_tenant: Callable[..., Account]) -> None:
    one, other = new_tenant(), new_tenant()
    one.send("of one")
    other.send("of the other")
    for tenant, text in ((one, "of one"), (other, "of the other")):
        assert [each["request"]["message"] for each in entries(tenant, kind="call")] == [text]
        assert tenant.ok("POST", "/verify", {"of": "messages", "count": 1, "params": {"text": text}})["ok"]
        assert tenant.ok("POST", "/wait", {"of": "calls", "count": 1})["ok"]
