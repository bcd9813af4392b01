"""Operations on tenants: created, read, changed, listed, and the credentials of each."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox import Account, basic, fetch

Make = Callable[..., Account]


def test_a_new_tenant_has_defaults_for_missing_fields(server: Account) -> None:
    made = server.ok("POST", "/tenants")
    assert re.fullmatch(r"t-[0-9a-f]{16}", made["name"])
    assert re.fullmatch(r"a[0-9a-f]{31}", made["key"])
    assert re.fullmatch(r"[0-9a-f]{32}", made["secret"])
    assert (made["profile"], made["strict_senders"], made["delivery_seconds"]) == ("seed", False, 1.0)
    assert made["clock"]["running"] is True
    account = Account(server.ready, made["key"], made["secret"])
    assert account.api("get-balance")["balance"] == 1000
    assert account.ok("GET", "/account")["throttle"] == 0  # the server's own setting


def test_months_are_counted_by_the_days_of_utc(new_tenant: Make) -> None:
    """The time is January 31 in UTC, and February 1 in its own zone."""
    tenant = new_tenant(frozen_at="2030-02-01T05:00:00+14:00")
    happened = tenant.ok("POST", "/clock/advance", {"days": 60})["happened"]
    assert [each["at"] for each in happened] == ["2030-02-28T15:00:00Z", "2030-03-31T15:00:00Z"]


def test_a_tenant_is_made_as_its_maker_says(new_tenant: Make, server: Account) -> None:
    made = server.ok(
        "POST",
        "/tenants",
        {
            "name": f"shop-{time.time_ns()}",
            "seed": "a seed",
            "key": f"key-{time.time_ns()}",
            "secret": "a secret: with a colon",
            "throttle": 7,
            "balance": 12.345,
            "profile": "vendor-2020",
            "strict_senders": True,
            "delivery_seconds": 2.5,
            "frozen_at": "2030-01-31T12:00:00+10:00",
        },
    )
    assert made["clock"] == {"now": "2030-01-31T02:00:00Z", "running": False}
    assert (made["seed"], made["delivery_seconds"]) == ("a seed", 2.5)
    account = Account(server.ready, made["key"], made["secret"])
    state = account.ok("GET", "/account")
    assert (state["throttle"], state["balance"], state["page_size"]) == (7, 12.345, 10)
    assert account.ok("GET", f"/tenants/{made['name']}") == {k: v for k, v in made.items() if k != "secret"}
    assert account.ok("GET", "/tenants/current")["name"] == made["name"]
    refused = account.api("send-sms", message="hi", to="61491570156", from_="SHOP")
    assert refused["error"]["code"] == "BAD_CALLER_ID"


def test_a_profile_sets_the_throttle_unless_one_is_given(server: Account) -> None:
    made = server.ok("POST", "/tenants", {"profile": "throttle-2"})
    assert Account(server.ready, made["key"], made["secret"]).ok("GET", "/account")["throttle"] == 2
    made = server.ok("POST", "/tenants", {"profile": "live-2026"})
    assert Account(server.ready, made["key"], made["secret"]).ok("GET", "/account")["throttle"] == 20
    made = server.ok("POST", "/tenants", {"profile": "throttle-2", "throttle": 5})
    assert Account(server.ready, made["key"], made["secret"]).ok("GET", "/account")["throttle"] == 5


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "x" * 65},
        {"name": 5},
        {"name": "line\n"},
        {"key": "line\n"},
        {"secret": "line\n"},
        {"key": ""},
        {"key": "a:b"},
        {"key": "a\nb"},
        {"key": "k" * 256},
        {"secret": ""},
        {"secret": "a\x00b"},
        {"seed": "a\x00b"},
        {"seed": "x" * 2001},
        {"throttle": -1},
        {"throttle": 10**30},
        {"throttle": True},
        {"throttle": "5"},
        {"balance": 10**30},
        {"balance": "much"},
        {"profile": "2035"},
        {"strict_senders": 1},
        {"delivery_seconds": -0.1},
        {"delivery_seconds": 10**30},
        {"frozen_at": "2030-01-31T12:00:00"},
        {"frozen_at": "2030-01-31"},
        {"frozen_at": "9999-12-31T23:59:59Z"},
        {"frozen_at": "9000-01-01T00:00:00Z"},
        {"frozen_at": "0001-01-01T00:00:00+14:00"},
        {"frozen_at": 1893456000},
        {"colour": "red"},
        [],
        None,
        "x",
        5,
    ],
)
def test_a_body_that_does_not_fit_is_refused(server: Account, body: object) -> None:
    before = server.ok("GET", "/tenants", max=1)["page"]["total"]
    raw = b"null" if body is None else body
    assert server.refused("POST", "/tenants", raw) == (422, "invalid")
    assert server.ok("GET", "/tenants", max=1)["page"]["total"] == before


@pytest.mark.parametrize(
    "raw", [b"{", b"{}x", b"\xff", b'{"seed": "\\ud800"}', b'{"seed": "\xed\xa0\x80"}', b"[" * 100_000, b"nan"]
)
def test_a_body_that_is_not_json_is_refused(server: Account, raw: bytes) -> None:
    status, code = server.refused("POST", "/tenants", raw)
    assert (status, code) in {(400, "bad_body"), (422, "invalid")}


def test_a_lone_surrogate_is_refused(server: Account) -> None:
    assert server.refused("POST", "/tenants", b'{"seed": "\\ud800"}') == (400, "bad_body")


def test_names_and_keys_are_unique(server: Account) -> None:
    name = f"once-{time.time_ns()}"
    key = f"key-{name}"
    server.ok("POST", "/tenants", {"name": name, "key": key})
    assert server.refused("POST", "/tenants", {"name": name}) == (409, "conflict")
    assert server.refused("POST", "/tenants", {"key": key}) == (409, "conflict")
    assert server.refused("POST", "/tenants", {"name": "current"}) == (409, "conflict")


def test_only_one_of_simultaneous_callers_gets_a_name(server: Account) -> None:
    name = f"wanted-{time.time_ns()}"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.control("POST", "/tenants", {"name": name}).status, range(16)))
    assert sorted(answers) == [201] + [409] * 15


def test_settings_change_and_those_left_out_stay(tenant: Account) -> None:
    changed = tenant.ok("PATCH", "/tenants/current", {"delivery_seconds": 0.5, "strict_senders": True})
    assert (changed["delivery_seconds"], changed["strict_senders"], changed["profile"]) == (0.5, True, "seed")
    changed = tenant.ok("PATCH", "/tenants/current", {"profile": "legacy-2015"})
    assert (changed["delivery_seconds"], changed["strict_senders"], changed["profile"]) == (0.5, True, "legacy-2015")
    same = tenant.ok("PATCH", "/tenants/current", {})
    assert {**same, "clock": None} == {**changed, "clock": None}
    assert tenant.refused("PATCH", "/tenants/current", {"name": "other"}) == (422, "invalid")
    assert tenant.refused("PATCH", "/tenants/current", {"profile": None}) == (422, "invalid")


@pytest.mark.parametrize("name", ["nobody", "a%00b", "%ED%A0%80", "%0A", "x" * 65, "%FF", "..", "a%20b"])
@pytest.mark.parametrize(("verb", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/reset")])
def test_an_unknown_tenant_is_not_found(server: Account, name: str, verb: str, path: str) -> None:
    assert server.refused(verb, f"/tenants/{name}{path}") == (404, "not_found")


def test_tenants_are_listed_oldest_first_and_in_pages(server: Account, new_tenant: Make) -> None:
    made = [new_tenant().ok("GET", "/tenants/current")["name"] for _ in range(3)]
    whole = server.ok("GET", "/tenants", max=1000)
    assert [each["name"] for each in whole["tenants"]][-3:] == made
    assert whole["tenants"][0]["name"] == "default"
    assert whole["page"]["total"] == len(whole["tenants"])
    page = server.ok("GET", "/tenants", page=2, max=2)
    assert [each["name"] for each in page["tenants"]] == [each["name"] for each in whole["tenants"][2:4]]
    assert page["page"] == {"number": 2, "count": -(-len(whole["tenants"]) // 2), "total": len(whole["tenants"])}
    assert server.ok("GET", "/tenants", page=2**31, max=1000)["tenants"] == []
    assert all("secret" not in each for each in whole["tenants"])


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"page": 10**30}, {"page": -1}, {"max": 0}, {"max": 1001}, {"max": "x"}, {"colour": 1}]
)
def test_a_query_that_does_not_fit_is_refused(server: Account, query: dict[str, object]) -> None:
    assert server.refused("GET", "/tenants", None, **query) == (422, "invalid")


def test_a_query_of_a_thousand_parameters_is_refused(server: Account) -> None:
    query = "&".join(["page=1"] * 1000)
    answer = fetch(f"{server.ready.http}/_sandbox/v1/tenants?{query}")
    assert (answer.status, answer.code) == (422, "invalid")


# Credentials


def test_a_call_without_credentials_acts_on_the_default_tenant(server: Account) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/v1/tenants/current")
    assert (answer.status, answer.json["name"]) == (200, "default")
    assert server.ok("GET", "/tenants/current")["name"] == "default"


@pytest.mark.parametrize(
    "authorization", ["Basic", "Basic !", "Bearer x", "Basic bm9jb2xvbg==", "Basic bm9ib2R5OnNlY3JldA=="]
)
def test_unknown_credentials_are_refused(server: Account, authorization: str) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/v1/clock", headers={"Authorization": authorization})
    assert (answer.status, answer.code) == (401, "unauthorised")
    answer = fetch(f"{server.ready.http}/_sandbox/v1/clock", headers=basic(server.key, "wrong"))
    assert (answer.status, answer.code) == (401, "unauthorised")
