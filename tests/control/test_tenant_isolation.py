"""Worlds of their own are never seen from each other, and leave nothing behind when they are emptied or deleted."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.serving import HANDSET, Account, Receiver

Make = Callable[..., Account]


# Isolation


def test_tenants_see_nothing_of_each_other(worlds: Make, receiver: Receiver) -> None:
    ours, theirs = worlds(), worlds()
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


def test_throttles_do_not_add_up(worlds: Make) -> None:
    ours, theirs = worlds(throttle=2), worlds(throttle=2)
    codes = [ours.api("get-balance")["error"]["code"] for _ in range(3)]
    assert codes == ["SUCCESS", "SUCCESS", "OVER_LIMIT"]
    assert theirs.api("get-balance")["error"]["code"] == "SUCCESS"


def test_the_same_seed_and_the_same_calls_give_the_same_ids(worlds: Make, receiver: Receiver) -> None:
    seen = []
    for _ in range(2):
        world = worlds(seed="one seed", frozen_at="2030-01-31T12:00:00Z")
        world.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
        world.send("[tracked-link] hi", tracked_link_url="https://example.com/")
        world.send("two", "61491570156,61491570157")
        world.ok("POST", "/clock/advance", {"seconds": 2})
        world.ok("POST", "/inbound", {"from": "61491570156", "text": "hi"})
        callbacks = world.ok("GET", "/callbacks")["callbacks"]
        for each in callbacks:
            each["signature"], each["tries"] = "", [(one["number"], one["at"]) for one in each["tries"]]
        seen.append([world.ok("GET", "/messages"), world.ok("GET", "/recipients"), callbacks])
    assert seen[0] == seen[1]
    assert len(seen[0][2]) == 3


# The end of a world


def traces(world: Account) -> list[object]:
    return [world.ok("GET", f"/{kind}")[kind] for kind in ("messages", "recipients", "callbacks")]


def test_a_reset_leaves_nothing(worlds: Make, receiver: Receiver) -> None:
    world = worlds(throttle=9, frozen_at="2030-01-31T12:00:00Z")
    world.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr", "price": 1, "balance": 5})
    first = world.send()
    world.ok("POST", "/clock/advance", {"seconds": 2})
    world.send(send_at="2031-01-01 00:00:00")
    state = world.ok("POST", "/tenants/current/reset")
    assert state["clock"] == {"now": "2030-01-31T12:00:02Z", "running": False}
    assert state["key"] == world.key
    assert traces(world) == [[], [], []]
    account = world.ok("GET", "/account")
    assert (account["balance"], account["dlr_url"], account["throttle"]) == (1000, None, 9)
    assert set(world.ok("POST", "/clock/advance", {"days": 400})["counts"]) <= {"number-renewal"}
    assert world.send() == first
    assert len(receiver.received) == 1


def test_a_reset_lets_a_running_clock_show_real_time_again(world: Account) -> None:
    world.ok("POST", "/clock/advance", {"days": 400})
    clock = world.ok("POST", "/tenants/current/reset")["clock"]
    assert clock["running"] is True
    assert clock["now"].startswith(time.strftime("%Y", time.gmtime()))


def test_a_deleted_tenant_is_gone_with_all_it_had(server: Account, worlds: Make, receiver: Receiver) -> None:
    world = worlds()
    name = world.ok("GET", "/tenants/current")["name"]
    world.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    world.send(send_at="2031-01-01 00:00:00")
    world.send()
    assert world.ok("DELETE", f"/tenants/{name}") == {}
    assert world.api("get-balance")["error"]["code"] == "AUTH_FAILED"
    assert world.refused("GET", "/clock") == (401, "unauthorised")
    assert server.refused("GET", f"/tenants/{name}") == (404, "not_found")
    again = worlds(name=name, key=world.key, secret=world.secret)
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


# Ends in the middle of things


def test_worlds_end_while_calls_run_on_them(server: Account, worlds: Make, receiver: Receiver) -> None:
    """Whatever calls find, they are answered as one that came before or after, and the end comes all the same."""
    names = [f"brief-{time.time_ns()}-{number}" for number in range(6)]
    stop = threading.Event()
    codes: set[str] = set()

    def use(world: Account) -> None:
        while not stop.is_set():
            for method, params in (
                ("send-sms", {"message": "hi", "to": f"{HANDSET},61491570157"}),
                ("add-list", {"name": f"list {time.time_ns()}"}),
                ("lease-number", {}),
                ("get-balance", {}),
            ):
                codes.add(world.api(method, **params)["error"]["code"])

    made = [worlds(name=name, delivery_seconds=0) for name in names]
    for world in made:
        world.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    with ThreadPoolExecutor(6) as pool:
        using = [pool.submit(use, world) for world in made]
        for round_ in range(5):
            time.sleep(0.1)
            kinds = {"kinds": ["messages", "numbers", "contacts"]} if round_ % 2 else {}
            for world in made:
                world.ok("POST", "/tenants/current/reset", kinds)
        for name in names:
            assert server.control("DELETE", f"/tenants/{name}").status == 200
        time.sleep(0.1)
        stop.set()
        for each in using:
            each.result()
    # A send that was let in before the end, on a database that several threads use, finds no number any more.
    assert codes <= {"SUCCESS", "AUTH_FAILED", "FIELD_INVALID", "LEDGER_ERROR", "BAD_CALLER_ID"}
    assert "AUTH_FAILED" in codes
    for world in made:
        assert world.api("get-balance")["error"]["code"] == "AUTH_FAILED"
