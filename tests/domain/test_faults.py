"""Faults: their allowed fields, their delays, and corrupted callbacks."""

from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain import callbacks
from sms_sandbox.domain.clock import EPOCH
from sms_sandbox.domain.faults import (
    API,
    CALLBACK,
    EFFECT_VALUES,
    EFFECTS,
    EVENTS,
    MAGIC_KEYS,
    MAX_DELAY_SECONDS,
    Fault,
    corrupt_url,
    draw_seconds,
    magic_key_rule,
    magic_suffix_of,
    split_magic_key,
)

ALONE = [
    *({"on": API, name: word} for name in EFFECTS[API] for word in EFFECT_VALUES.get(name, ("LEDGER_ERROR",))),
    *({"on": CALLBACK, "callback": word} for word in EFFECT_VALUES["callback"]),
]


@pytest.mark.parametrize("given_", ALONE, ids=lambda given_: str(list(given_.values())[1]))
def test_a_fault_may_have_any_one_effect(given_: dict[str, Any]) -> None:
    fault = Fault(**given_)
    assert fault.given_fields() == given_
    assert fault.effect in given_.values()
    assert fault.delay_seconds("x", 1, 1) == 0


@pytest.mark.parametrize(
    ("effect", "works"),
    [
        ({"error": "LEDGER_ERROR"}, False), ({"status": 500}, False), ({"connection": "stall"}, False),
        ({"connection": "reset"}, False), ({"connection": "lost"}, True), ({"body": "malformed"}, True),
        ({"body": "truncated"}, True), ({"body": "html"}, True), ({"delay": {"seconds": 1}}, True),
        ({"delay": {"seconds": 1}, "status": 503}, False), ({"gateway": "throttled"}, False),
    ],
)  # fmt: skip
def test_the_effect_decides_if_the_call_is_carried_out(effect: dict[str, Any], works: bool) -> None:
    assert Fault(API, **effect).carries_out is works


@pytest.mark.parametrize(
    ("given_", "complaint"),
    [
        ({"on": "carrier"}, "A fault must be on api or callback, not on 'carrier'"),
        ({"on": API}, "Give an effect: error, status, body, connection, gateway or delay"),
        ({"on": CALLBACK}, "Give an effect: callback or delay"),
        ({"on": API, "status": 503, "body": "html"}, "Give only one effect, not `status` and `body`"),
        ({"on": API, "callback": "drop"}, "`callback` is only for a fault on 'callback'"),
        ({"on": API, "status": 503, "event": "dlr"}, "`event` is only for a fault on 'callback'"),
        ({"on": CALLBACK, "callback": "drop", "method": "send-sms"}, "`method` is only for a fault on 'api'"),
        ({"on": CALLBACK, "status": 503}, "`status` is only for a fault on 'api'"),
        ({"on": API, "status": 404}, "`status` must be 500, 502, 503 or 504, not 404"),
        ({"on": API, "gateway": "down"}, "`gateway` must be throttled or maintenance, not 'down'"),
        ({"on": API, "body": "xml"}, "`body` must be malformed, truncated or html"),
        ({"on": CALLBACK, "event": "sms", "callback": "drop"}, "`event` must be dlr, reply"),
        ({"on": API, "connection": "stall", "delay": {"seconds": 1}}, "With 'stall' nothing is sent"),
        ({"on": CALLBACK, "callback": "drop", "delay": {"seconds": 1}}, "With 'drop' nothing is sent"),
        ({"on": API, "delay": {}}, "A delay must have"),
        ({"on": API, "delay": {"seconds": 1, "to": 2}}, "A delay must have"),
        ({"on": API, "delay": {"from": 1}}, "A delay must have"),
        ({"on": API, "delay": {"from": 2, "to": 1}}, "`from` must not be greater"),
        ({"on": API, "delay": {"seconds": -1}}, "from 0 to 604800"),
        ({"on": API, "delay": {"seconds": float("nan")}}, "from 0 to 604800"),
        ({"on": API, "delay": {"median": 1, "sigma": 11}}, "`sigma` must be at most 10"),
    ],
)
def test_contradictions_are_refused(given_: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint.replace("(", r"\(")):
        Fault(**given_)


SHAPES = st.one_of(
    st.builds(lambda a: {"seconds": a}, st.floats(0, MAX_DELAY_SECONDS)),
    st.builds(lambda a, b: {"from": min(a, b), "to": max(a, b)}, st.floats(0, 9), st.floats(0, 9)),
    st.builds(lambda a, b: {"median": a, "sigma": b}, st.floats(0, MAX_DELAY_SECONDS), st.floats(0, 10)),
)


@given(SHAPES, st.text())
def test_a_delay_depends_on_seed_rule_and_count(delay: dict[str, float], by: str) -> None:
    seconds = draw_seconds(delay, by)
    assert seconds == draw_seconds(delay, by)
    assert 0 <= seconds <= MAX_DELAY_SECONDS
    if "from" in delay:
        assert delay["from"] <= seconds <= delay["to"]


def test_delays_have_the_given_distribution() -> None:
    uniform = sorted(draw_seconds({"from": 2, "to": 4}, str(n)) for n in range(2001))
    assert uniform[1000] == pytest.approx(3, abs=0.1)
    assert uniform[500] == pytest.approx(2.5, abs=0.1)
    normal = sorted(draw_seconds({"median": 0.3, "sigma": 0.8}, str(n)) for n in range(2001))
    assert normal[1000] == pytest.approx(0.3, rel=0.1)
    # A standard deviation above the median is e^sigma times as long, and 16 in a hundred are longer.
    assert normal[1683] == pytest.approx(0.3 * 2.2255, rel=0.1)


def test_magic_keys_are_split_at_the_last_hyphen() -> None:
    assert split_magic_key("my-key-nocredit") == ("my-key", "nocredit")
    for plain in ("nocredit", "-nocredit", "key", "key-NOCREDIT", "key-nocredit-", ""):
        assert split_magic_key(plain) is None


def test_the_rule_of_a_magic_key_names_its_suffix() -> None:
    assert magic_key_rule("nocredit") == "magic key …-nocredit"
    assert [magic_suffix_of(magic_key_rule(suffix)) for suffix in MAGIC_KEYS] == list(MAGIC_KEYS)
    for other in ("", "fault 3", "magic sender NOCREDIT", "magic key …-", "magic key …-other"):
        assert magic_suffix_of(other) is None


@pytest.mark.parametrize("event", EVENTS)
def test_a_corrupted_url_has_one_value_that_is_not_utf_8(event: str) -> None:
    expected = {
        "dlr": callbacks.delivery_report(message_id=1, mobile="61491570156", at=EPOCH, status="delivered", user_id=2),
        "reply": (reply := callbacks.reply(user_id=1, mobile="61491570156", response="Hé & ho", message_id=2,
                                           response_id=3, longcode="614", at=EPOCH, is_optout=False)),
        "inbound": reply,
        "link-hit": callbacks.link_hit(at=EPOCH, firstname="Uno", lastname="", link_hits=1, list_id=0, longcode="Abc",
                                       message="Hi", message_id=1, mobile="61491570156", user_id=1),
        "list-action": callbacks.list_action(at=EPOCH, list_id=1, mobile="61491570156", firstname="Uno", lastname="",
                                             action="add", fields={"response": "x", "Status": "y"}),
    }  # fmt: skip
    url = callbacks.with_parameters(
        "http://localhost/x?status=mine&response=mine&firstname=me&message=my", expected[event]
    )
    spoilt = corrupt_url(url, event)
    before, after = parse_qsl(url, keep_blank_values=True), parse_qsl(spoilt, keep_blank_values=True)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    assert after[:4] == before[:4]  # the user's own stay as they are
    with pytest.raises(UnicodeDecodeError):
        unquote_to_bytes(spoilt).decode()
