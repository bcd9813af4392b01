"""How a difference is told."""

import pytest

from sms_sandbox.control.verifying import difference
from sms_sandbox.store.traffic import Entry, Wanted
from tests.store.making import NOON


def call(number: int, method: str = "send-sms", **request: str) -> Entry:
    return Entry(
        number, NOON, "call", 1, method, [request["to"]] if "to" in request else [], "SUCCESS", 200, "", 900, 0, "POST",
        f"/{method}.json", request.get("message", ""), request, "", "", (), False,
    )  # fmt: skip


HI = Wanted(kind="call", method="send-sms", params={"message": "Hi"})


def test_the_nearest_is_told_of_with_how_it_differs() -> None:
    near = [call(4, "get-balance"), call(3, mesage="Hi"), call(2, message="Hi there"), call(1, message="Bye")]
    assert difference("calls", HI, 0, 1, 1, near, []) == (
        "0 calls of send-sms with message 'Hi' were made, 1 was expected; "
        "the nearest: message 'Hi there' instead of 'Hi' (entry 2)."
    )


def test_of_too_many_the_entries_are_told() -> None:
    assert difference("calls", Wanted(method="send-sms"), 2, 1, 1, [], [7, 4]) == (
        "2 calls of send-sms were made, 1 was expected: entries 7, 4."
    )
    assert difference("messages", Wanted(), 1, 0, 0, [], [9]) == "1 message was sent, 0 were expected: entry 9."


def test_it_says_so_where_nothing_happened_at_all() -> None:
    assert difference("callbacks", Wanted(code="ok"), 0, 2, None, [], []) == (
        "0 tries of callbacks with code 'ok' were made, at least 2 were expected; no try of a callback was made at all."
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
def test_what_was_expected(least: int, most: int | None, words: str) -> None:
    found = 0 if least else 9
    assert words in difference("inbound", Wanted(), found, least, most, [], [])


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Wanted(method="get-sms"), "method send-sms instead of get-sms"),
        (Wanted(numbers=("61491570157",)), "number 61491570156 instead of 61491570157"),
        (Wanted(code="OVER_LIMIT"), "code SUCCESS instead of OVER_LIMIT"),
        (Wanted(text="bye"), "text 'Hi' without 'bye'"),
        (Wanted(rule="fault 3"), "rule none instead of 'fault 3'"),
        (Wanted(params={"from": "SHOP"}), "no from"),
        (Wanted(params={"message": "y" * 200}), f"message 'Hi' instead of '{'y' * 79}…'"),
    ],
)
def test_each_condition_is_told_of(wanted: Wanted, words: str) -> None:
    said = difference("calls", wanted, 0, 1, None, [call(1, message="Hi", to="61491570156")], [])
    assert f"the nearest: {words} (entry 1)." in said
