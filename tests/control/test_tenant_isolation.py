"""Isolation of tenants: no tenant sees another, and a deleted one leaves nothing behind."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.control.conftest import NOON
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.timing import eventually

Make = Callable[..., Account]


# Isolation


def test_tenants_see_nothing_of_each_other(new_tenant: Make, receiver: Receiver) -> None:
    ours, theirs = new_tenant(), new_tenant()
    ours.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    ours.ok("POST", "/clock/freeze")
    message = ours.send()
    ours.ok("POST", "/clock/advance", {"seconds": 5})
    ours.ok("POST", "/inbound", {"from": "61491570156", "text": "hi"})
    ours.ok("PATCH", "/account", {"throttle": 3, "page_size": 7})
    assert len(receiver.received) == 1

    for kind in ("messages", "recipients", "callbacks"):
        assert theirs.ok("GET", f"/{kind}")[kind] == []
        assert ours.ok("GET", f"/{kind}")[kind] != []
    assert theirs.refused("GET", f"/messages/{message}") == (404, "not_found")
    assert theirs.refused("GET", "/callbacks/1") == (404, "not_found")
    assert theirs.refused("POST", "/callbacks/1/send") == (404, "not_found")
    assert theirs.ok("GET", "/clock")["running"] is True
    state = theirs.ok("GET", "/account")
    assert (state["balance"], state["throttle"], state["page_size"], state["dlr_url"]) == (1000, 0, 25, None)
    assert theirs.api("get-sms", message_id=message)["error"]["code"] == "NOT_FOUND"
    assert theirs.refused("POST", "/inbound", {"from": "61491570156", "text": "hi"}) == (409, "conflict")


def test_throttles_do_not_add_up(new_tenant: Make) -> None:
    ours, theirs = (new_tenant(throttle=2, frozen_at=NOON) for _ in range(2))  # so that no second ends meanwhile
    codes = [ours.api("get-balance")["error"]["code"] for _ in range(3)]
    assert codes == ["SUCCESS", "SUCCESS", "OVER_LIMIT"]
    assert theirs.api("get-balance")["error"]["code"] == "SUCCESS"


def test_the_same_seed_and_the_same_calls_give_the_same_ids(new_tenant: Make, receiver: Receiver) -> None:
    seen = []
    for _ in range(2):
        tenant = new_tenant(seed="one seed", frozen_at="2030-01-31T12:00:00Z")
        tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
        tenant.send("[tracked-link] hi", tracked_link_url="https://example.com/")
        tenant.send("two", "61491570156,61491570157")
        tenant.ok("POST", "/clock/advance", {"seconds": 2})
        tenant.ok("POST", "/inbound", {"from": "61491570156", "text": "hi"})
        callbacks = tenant.ok("GET", "/callbacks")["callbacks"]
        for each in callbacks:
            each["signature"], each["attempts"] = "", [(one["number"], one["at"]) for one in each["attempts"]]
        seen.append([tenant.ok("GET", "/messages"), tenant.ok("GET", "/recipients"), callbacks])
    assert seen[0] == seen[1]
    assert len(seen[0][2]) == 3


# Callback URLs of a new tenant


def test_a_new_tenant_calls_back_as_it_was_told(new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant(dlr_url=f"{receiver.url}/dlr", delivery_seconds=0)
    account = tenant.ok("GET", "/account")
    assert [account[name] for name in ("dlr_url", "reply_url", "link_hits_url")] == [f"{receiver.url}/dlr", None, None]
    tenant.send()
    assert [each.path for each in receiver.wait_for(1)] == ["/dlr"]


@pytest.mark.parametrize("name", ["dlr_url", "reply_url", "link_hits_url"])
def test_a_new_tenant_refuses_callback_urls_of_other_schemes(server: Account, name: str) -> None:
    answer = server.control("POST", "/tenants", {"name": "odd", name: "ftp://localhost/"})
    assert answer.status == 422
    assert "'ftp://localhost/' is not an http or https address" in answer.json["error"]["message"]
    assert "odd" not in {each["name"] for each in server.ok("GET", "/tenants", max=1000)["tenants"]}


# The end of a tenant


def traces(tenant: Account) -> list[object]:
    return [tenant.ok("GET", f"/{kind}")[kind] for kind in ("messages", "recipients", "callbacks")]


def test_a_reset_leaves_nothing(new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant(throttle=9, frozen_at="2030-01-31T12:00:00Z")
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr", "price": 1, "balance": 5})
    first = tenant.send()
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    tenant.send(send_at="2031-01-01 00:00:00")
    state = tenant.ok("POST", "/tenants/current/reset")
    assert state["clock"] == {"now": "2030-01-31T12:00:02Z", "running": False}
    assert state["key"] == tenant.key
    assert traces(tenant) == [[], [], []]
    account = tenant.ok("GET", "/account")
    assert (account["balance"], account["dlr_url"], account["throttle"]) == (1000, None, 9)
    assert set(tenant.ok("POST", "/clock/advance", {"days": 400})["counts"]) <= {"number-renewal"}
    assert tenant.send() == first
    assert len(receiver.received) == 1


def test_a_reset_sets_a_running_clock_to_real_time(tenant: Account) -> None:
    tenant.ok("POST", "/clock/advance", {"days": 400})
    clock = tenant.ok("POST", "/tenants/current/reset")["clock"]
    assert clock["running"] is True
    assert clock["now"].startswith(time.strftime("%Y", time.gmtime()))


def test_a_deleted_tenant_is_gone_with_all_it_had(server: Account, new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant()
    name = tenant.ok("GET", "/tenants/current")["name"]
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    tenant.ok("POST", "/clock/freeze")  # so that the second message is not reported before the deletion
    tenant.send(send_at="2031-01-01 00:00:00")
    tenant.send()
    assert tenant.ok("DELETE", f"/tenants/{name}") == {}
    assert tenant.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert tenant.refused("GET", "/clock") == (401, "unauthorised")
    assert server.refused("GET", f"/tenants/{name}") == (404, "not_found")
    again = new_tenant(name=name, key=tenant.key, secret=tenant.secret)
    assert traces(again) == [[], [], []]
    assert set(again.ok("POST", "/clock/advance", {"days": 4000})["counts"]) <= {"number-renewal"}
    time.sleep(0.1)
    assert receiver.received == []


def test_the_default_tenant_can_only_be_reset(server: Account) -> None:
    assert server.refused("DELETE", "/tenants/default") == (409, "conflict")
    assert server.refused("DELETE", "/tenants/current") == (409, "conflict")
    server.send()
    assert server.ok("POST", "/tenants/default/reset")["name"] == "default"
    assert traces(server) == [[], [], []]
    server.ok("POST", "/tenants/current/reset")


def test_three_hundred_tenants_are_made_side_by_side(server: Account) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: server.ok("POST", "/tenants"), range(300)))
    assert len({each["key"] for each in made}) == 300


# Ends while something is running


def test_tenants_end_while_calls_run_on_them(server: Account, new_tenant: Make, receiver: Receiver) -> None:
    """Each call is answered as if it came before or after the end.

    Calls do not delay the end.
    """
    names = [f"brief-{time.time_ns()}-{number}" for number in range(6)]
    stop = threading.Event()
    codes: set[str] = set()

    def use(tenant: Account) -> None:
        while not stop.is_set():
            for method, params in (
                ("send-sms", {"message": "hi", "to": f"{HANDSET},61491570157"}),
                ("add-list", {"name": f"list {time.time_ns()}"}),
                ("lease-number", {}),
                ("get-balance", {}),
            ):
                codes.add(tenant.api(method, **params)["error"]["code"])

    made = [new_tenant(name=name, delivery_seconds=0) for name in names]
    for tenant in made:
        tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    with ThreadPoolExecutor(6) as pool:
        using = [pool.submit(use, tenant) for tenant in made]
        for round_ in range(5):
            time.sleep(0.1)
            kinds = {"kinds": ["messages", "numbers", "contacts"]} if round_ % 2 else {}
            for tenant in made:
                tenant.ok("POST", "/tenants/current/reset", kinds)
        for name in names:
            assert server.control("DELETE", f"/tenants/{name}").status == 200
        eventually(lambda: "AUTH_FAILED" in codes)
        stop.set()
        for each in using:
            each.result()
    # On a database with several threads, a send that began before the end finds no number any more.
    assert codes <= {"SUCCESS", "AUTH_FAILED", "FIELD_INVALID", "LEDGER_ERROR", "BAD_CALLER_ID"}
    assert "AUTH_FAILED" in codes
    for tenant in made:
        assert tenant.api("get-balance")["error"]["code"] == "AUTH_FAILED"
