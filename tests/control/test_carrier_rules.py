"""Operations on carrier rules, and the scenarios that messages get by them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

MAGIC = "61491571804"
OTHER = "61491570157"


def add(tenant: Account, scenario: str = "hard-bounce", **body: Any) -> int:
    return int(tenant.ok("POST", "/rules", {"scenario": scenario, **body})["id"])


def fates(tenant: Account) -> list[str]:
    """Advance the clock and return the status of every recipient, oldest first."""
    tenant.ok("POST", "/clock/advance", {"minutes": 10})
    return [each["status"] for each in tenant.ok("GET", "/recipients", max=1000)["recipients"]][::-1]


def test_a_rule_is_returned_as_it_was_added(frozen: Account) -> None:
    match = {"to": "0491 570 156", "text": "hi"}
    body = {"match": match, "nth": 2, "count": 3, "share": 0.5, "for_seconds": 60, "scenario": "replies",
            "options": {"text": "No", "after_seconds": 9}}  # fmt: skip
    made = frozen.ok("POST", "/rules", body)
    assert made == {
        "id": 1, "match": match, "nth": 2, "count": 3, "share": 0.5, "until": "2030-01-31T12:01:00Z", "seen": 0,
        "used": 0, "remaining": 3, "enabled": True, "scenario": "replies",
        "options": {"text": "No", "after_seconds": 9.0},
    }  # fmt: skip
    assert frozen.ok("GET", "/rules/1") == made
    assert frozen.ok("GET", "/rules") == {"rules": [made]}


@pytest.mark.parametrize(
    ("match", "meant"),
    [
        ({}, True),
        ({"to": "0491570156"}, True),
        ({"to": "+61491570156"}, True),
        ({"to": "04915701*"}, True),
        ({"to": "61491570150-61491570160"}, True),
        ({"to": "61491570157"}, False),
        ({"text": "HEL"}, True),
        ({"text": "bye"}, False),
        ({"sender": "abc"}, True),
        ({"sender": "ab"}, False),
        ({"key": "another"}, False),
        ({"to": HANDSET, "text": "bye"}, False),
    ],
)
def test_a_match_decides_which_messages_a_rule_applies_to(frozen: Account, match: dict[str, str], meant: bool) -> None:
    add(frozen, match=match)
    frozen.send("hello", HANDSET, from_="Abc")
    assert fates(frozen) == ["hard-bounce" if meant else "delivered"]


def test_a_rule_can_match_the_key_of_the_account(frozen: Account) -> None:
    add(frozen, match={"key": frozen.key})
    frozen.send()
    assert fates(frozen) == ["hard-bounce"]


def test_a_rule_matches_the_text_that_the_handset_gets(frozen: Account) -> None:
    list_id = frozen.api("add-list", name="all")["id"]
    for msisdn, name in ((HANDSET, "Uno"), (OTHER, "Abc")):
        frozen.api("add-to-list", list_id=list_id, msisdn=msisdn, first_name=name)
    add(frozen, match={"text": "hi uno"})
    frozen.send("Hi [firstname]!", "", list_id=list_id)
    assert fates(frozen) == ["hard-bounce", "delivered"]


def test_the_first_matching_rule_decides_before_a_magic_number(frozen: Account) -> None:
    frozen.send(to=MAGIC)
    delivered = add(frozen, "delivered", match={"to": "6149157*"})
    frozen.send(to=MAGIC)
    first = add(frozen, match={"to": MAGIC}, first=True)
    frozen.send(to=MAGIC)
    frozen.ok("PUT", "/rules/order", {"order": [delivered, first]})
    frozen.send(to=MAGIC)
    frozen.ok("DELETE", f"/rules/{delivered}")
    frozen.send(to=MAGIC)
    frozen.ok("DELETE", "/rules")
    frozen.send(to=MAGIC)
    assert fates(frozen) == ["soft-bounce", "delivered", "hard-bounce", "delivered", "hard-bounce", "soft-bounce"]
    assert frozen.ok("GET", "/rules") == {"rules": []}


def test_a_rule_with_a_count_tells_how_many_are_left(frozen: Account) -> None:
    rule = add(frozen, match={"to": "6149157*"}, count=3)
    frozen.send(to=f"{HANDSET},{OTHER}")
    counted = frozen.ok("GET", f"/rules/{rule}")
    assert (counted["seen"], counted["used"], counted["remaining"]) == (2, 2, 1)
    frozen.send(to=f"{HANDSET},{OTHER}")
    assert fates(frozen) == ["hard-bounce"] * 3 + ["delivered"]
    assert frozen.ok("GET", f"/rules/{rule}")["remaining"] == 0


def test_a_rule_can_begin_at_the_nth_message(frozen: Account) -> None:
    add(frozen, nth=2, count=1)
    for _ in range(3):
        frozen.send()
    assert fates(frozen) == ["delivered", "hard-bounce", "delivered"]


def test_a_rule_can_end_after_a_time(frozen: Account) -> None:
    add(frozen, for_seconds=60)
    frozen.send()
    frozen.ok("POST", "/clock/advance", {"seconds": 60})
    frozen.send()
    assert fates(frozen) == ["hard-bounce", "delivered"]


def test_a_rule_applies_when_the_message_is_sent(frozen: Account) -> None:
    frozen.send(send_at="2030-01-31 12:05:00")
    add(frozen)
    assert fates(frozen) == ["hard-bounce"]


def test_a_share_of_a_long_list_follows_from_the_seed(new_tenant: Callable[..., Account]) -> None:
    bounced = []
    for seed in ("one", "one", "two"):
        tenant = new_tenant(frozen_at="2030-01-31T12:00:00Z", seed=seed)
        rule = add(tenant, share=0.3)
        # 500 are sent by the timeline, and meanwhile 100 by their call; the order does not matter.
        for first, count in ((0, 500), (500, 100)):
            tenant.send(to=",".join(str(61_491_100_000 + number) for number in range(first, first + count)))
        bounced.append(fates(tenant))
        counted = tenant.ok("GET", f"/rules/{rule}")
        assert (counted["seen"], counted["used"]) == (600, bounced[-1].count("hard-bounce"))
    assert bounced[0] == bounced[1] != bounced[2]
    assert 120 < bounced[0].count("hard-bounce") < 240


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"scenario": "slow", "match": {"to": "abc"}}, "write digits"),
        ({"scenario": "slow", "match": {"to": "6149157-61491580"}}, "not a range"),
        ({"scenario": "slow", "match": {"too": "6149157"}}, "unknown field `too`"),
        ({"scenario": "nothing"}, "There is no scenario 'nothing'; there are delivered, slow, "),
        ({"scenario": "slow", "options": {"text": "Hi"}}, "has no option `text`: it has only `after_seconds`"),
        ({"scenario": "never-reports", "options": {"after_seconds": 1}}, "it has none"),
        ({"scenario": "slow", "options": {"after_seconds": -1}}, "from 0 to 259200 seconds, not -1"),
        ({"scenario": "slow", "options": {"later": 1}}, "unknown field `later`"),
        ({"scenario": "report-twice", "options": {"status": "pending"}}, "must be one of delivered, soft-bounce"),
        ({"scenario": "replies", "options": {"text": ""}}, "1 to 2000 characters"),
        ({"scenario": "replies", "options": {"text": "a\0b"}}, "without NUL"),
        ({"scenario": "flaky", "options": {"mix": {"delivered": 0.5}}}, "add up to 1, not to 0.5"),
        ({"scenario": "flaky", "options": {"mix": {"flaky": 1}}}, "other than flaky, not 'flaky'"),
        ({"scenario": "flaky", "options": {"mix": {"slow": 2, "delivered": -1}}}, "shares from 0 to 1, not 2 for slow"),
        ({"scenario": "slow", "share": 0}, "> 0"),
        ({"scenario": "slow", "nth": 0}, ">= 1"),
        ({"scenario": "slow", "count": 0}, ">= 1"),
        ({"match": {}}, "missing required field `scenario`"),
    ],
)
def test_an_impossible_rule_is_refused(tenant: Account, body: Any, words: str) -> None:
    answer = tenant.control("POST", "/rules", body)
    assert (answer.status, answer.code) == (422, "invalid")
    assert words in answer.json["error"]["message"]
    assert tenant.ok("GET", "/rules") == {"rules": []}


def test_unknown_rules_and_incomplete_orders_are_refused(tenant: Account) -> None:
    rule = add(tenant)
    for verb in ("GET", "DELETE"):
        assert tenant.refused(verb, f"/rules/{rule + 1}") == (404, "not_found")
    assert tenant.refused("PUT", "/rules/order", {"order": [rule, rule]}) == (409, "conflict")


def test_rules_are_of_one_tenant(frozen: Account, tenant: Account) -> None:
    add(tenant)
    frozen.send()
    assert fates(frozen) == ["delivered"]
    assert frozen.refused("GET", "/rules/1") == (404, "not_found")


def test_sends_side_by_side_count_exactly(tenant: Account) -> None:
    for number in (HANDSET, OTHER):
        add(tenant, match={"to": number}, count=30)
    orders = [f"{HANDSET},{OTHER}", f"{OTHER},{HANDSET}"] * 20
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda to: tenant.send(to=to), orders))
    counted = tenant.ok("GET", "/rules")["rules"]
    assert [(each["seen"], each["used"], each["remaining"]) for each in counted] == [(40, 30, 0), (40, 30, 0)]


def test_callbacks_say_which_rule_made_them(frozen: Account, receiver: Receiver) -> None:
    frozen.ok("PATCH", "/account", {"dlr_url": receiver.url})
    rule = add(frozen, "report-twice", match={"to": HANDSET})
    frozen.send(to=f"{HANDSET},{MAGIC},{OTHER}")
    frozen.ok("POST", "/clock/advance", {"minutes": 1})
    response = [(each["msisdn"], each["rule"]) for each in frozen.ok("GET", "/callbacks")["callbacks"]]
    twice = (HANDSET, f"rule {rule} (report-twice)")
    assert sorted(response) == sorted([twice, twice, (MAGIC, "scenario soft-bounce"), (OTHER, "")])


@pytest.mark.parametrize("turns", [{}, {"count": 5}])
def test_a_rule_is_switched_off_and_on(frozen: Account, turns: dict[str, Any]) -> None:
    rule = add(frozen, **turns)
    for enabled in (False, True):
        switched = frozen.ok("PATCH", f"/rules/{rule}", {"enabled": enabled})
        assert (switched["enabled"], switched["used"]) == (enabled, 0)
        frozen.send()
        frozen.ok("POST", "/clock/advance", {"seconds": 2})
    assert [each["status"] for each in frozen.ok("GET", "/recipients")["recipients"]] == ["hard-bounce", "delivered"]
    assert frozen.refused("PATCH", "/rules/99", {"enabled": True}) == (404, "not_found")


def test_a_switched_off_rule_stays_off_in_a_copy(frozen: Account) -> None:
    rule = add(frozen)
    frozen.ok("PATCH", f"/rules/{rule}", {"enabled": False})
    document = frozen.ok("GET", "/export", with_secrets="true")
    made = frozen.ok("POST", "/import", {"document": document, "name": f"{rule}-copy-off", "key": "copy-off"})
    copy = Account(frozen.ready, made["key"], made["secret"])
    assert copy.ok("GET", "/rules") == frozen.ok("GET", "/rules")
