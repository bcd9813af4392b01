"""Operations on the clock: freeze, resume, and advance with everything that is due on the way."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.timing import eventually

Make = Callable[..., Account]
NOON = "2030-01-31T12:00:00Z"


@pytest.fixture
def frozen(new_tenant: Make) -> Account:
    """A tenant whose clock is frozen at noon."""
    return new_tenant(frozen_at=NOON)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def status(tenant: Account) -> list[str]:
    return [each["status"] for each in tenant.ok("GET", "/recipients")["recipients"]]


def test_a_running_clock_shows_real_time(tenant: Account) -> None:
    before = datetime.now(UTC)
    clock = tenant.ok("GET", "/clock")
    assert clock["running"] is True
    assert before <= moment(clock["now"]) <= datetime.now(UTC)


def test_a_frozen_clock_stands_still_and_resumes_from_there(tenant: Account) -> None:
    stopped = tenant.ok("POST", "/clock/freeze")
    assert stopped["running"] is False
    time.sleep(0.05)
    assert tenant.ok("GET", "/clock") == stopped
    assert tenant.ok("POST", "/clock/freeze") == stopped
    time.sleep(0.2)
    before = datetime.now(UTC)
    going = tenant.ok("POST", "/clock/resume")
    assert going == {"now": stopped["now"], "running": True}
    later = moment(tenant.ok("GET", "/clock")["now"])
    assert moment(stopped["now"]) < later <= moment(stopped["now"]) + (datetime.now(UTC) - before)
    assert tenant.ok("POST", "/clock/resume")["running"] is True


def test_events_at_the_frozen_moment_happen_at_once(frozen: Account) -> None:
    frozen.ok("PATCH", "/tenants/current", {"delivery_seconds": 0})
    frozen.send()
    eventually(lambda: status(frozen) == ["delivered"])
    assert frozen.ok("GET", "/clock")["now"] == NOON


def test_events_after_the_frozen_moment_wait(frozen: Account, receiver: Receiver) -> None:
    frozen.send(dlr_callback=receiver.url)
    time.sleep(0.3)
    assert status(frozen) == ["pending"]
    frozen.ok("POST", "/clock/advance", {"seconds": 0.999})
    assert status(frozen) == ["pending"]
    frozen.ok("POST", "/clock/advance", {"seconds": 0.001})
    assert status(frozen) == ["delivered"]
    assert len(receiver.received) == 1


def test_events_of_a_frozen_clock_happen_when_it_is_resumed(tenant: Account, receiver: Receiver) -> None:
    tenant.ok("PATCH", "/tenants/current", {"delivery_seconds": 0.2})
    tenant.ok("POST", "/clock/freeze")
    tenant.send(dlr_callback=receiver.url)
    time.sleep(0.4)
    assert receiver.received == []
    tenant.ok("POST", "/clock/resume")
    assert len(receiver.wait_for(1)) == 1


def test_an_advance_tells_what_happened_and_when(frozen: Account, receiver: Receiver) -> None:
    message = frozen.send("hi", f"{HANDSET},61491570157", dlr_callback=f"{receiver.url}/dlr")
    result = frozen.ok("POST", "/clock/advance", {"hours": 1, "minutes": 30, "seconds": 15, "days": 1})
    assert (result["start"], result["end"], result["running"]) == (NOON, "2030-02-01T13:30:15Z", False)
    assert result["counts"] == {"report": 2, "callback": 2}
    assert result["truncated"] is False
    assert {each["at"] for each in result["happened"]} == {"2030-01-31T12:00:01Z"}
    assert [each["at"] for each in result["happened"]] == sorted(each["at"] for each in result["happened"])
    assert sorted(each["mobile"] for each in receiver.received) == [HANDSET, "61491570157"]
    assert {(each["message_id"], each["datetime"]) for each in receiver.received} == {
        (str(message), "2030-01-31 12:00:01")
    }
    assert frozen.ok("GET", "/clock") == {"now": result["end"], "running": False}


def test_an_advance_accepts_a_time_in_any_zone(frozen: Account) -> None:
    assert frozen.ok("POST", "/clock/advance", {"to": "2030-02-01T00:00:00+10:00"})["end"] == "2030-01-31T14:00:00Z"
    assert frozen.ok("POST", "/clock/advance", {"to": "2030-01-31T14:00:00Z"})["counts"] == {}
    assert frozen.refused("POST", "/clock/advance", {"to": "2030-01-31T13:59:59Z"}) == (422, "invalid")
    assert frozen.ok("GET", "/clock")["now"] == "2030-01-31T14:00:00Z"


def test_an_advance_of_a_running_clock_leaves_it_running(tenant: Account) -> None:
    began = datetime.now(UTC)
    before = moment(tenant.ok("GET", "/clock")["now"])
    result = tenant.ok("POST", "/clock/advance", {"days": 3})
    assert result["running"] is True
    after = tenant.ok("GET", "/clock")
    assert after["running"] is True
    went = moment(after["now"]) - before
    assert timedelta(days=3) <= went <= timedelta(days=3) + (datetime.now(UTC) - began)


def test_an_advance_walks_the_ladder_of_retries(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 500
    frozen.send(dlr_callback=receiver.url)
    result = frozen.ok("POST", "/clock/advance", {"days": 2})
    assert result["counts"]["callback"] == 5
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    first = moment(NOON) + timedelta(seconds=1)
    waits = [timedelta(), timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=66), timedelta(hours=25.1)]
    assert [moment(each["at"]) - first for each in callback["attempts"]] == waits
    assert (callback["state"], callback["next_due"]) == ("given-up", None)
    assert {(each["status"], each["error"], each["answer"]) for each in callback["attempts"]} == {
        (500, "answered 500", "ok")
    }
    assert len(receiver.received) == 5


def test_an_advance_waits_for_slow_callbacks_and_does_not_hold_up_others(new_tenant: Make, receiver: Receiver) -> None:
    slow, other = new_tenant(frozen_at=NOON), new_tenant(frozen_at=NOON)
    slow.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool, receiver.holding():
        answer = pool.submit(slow.ok, "POST", "/clock/advance", {"seconds": 5})
        (got,) = receiver.wait_for(1)
        other.send()
        assert other.ok("POST", "/clock/advance", {"seconds": 5})["counts"]["report"] == 1
        assert not answer.done()
        held = time.monotonic() - got.at
    assert answer.result()["counts"]["callback"] == 1
    (callback,) = slow.ok("GET", "/callbacks")["callbacks"]
    assert callback["state"] == "delivered"
    assert callback["attempts"][0]["latency_ms"] >= int(1000 * held)


def test_two_advances_at_once_add_up(frozen: Account, receiver: Receiver) -> None:
    receiver.delay = 0.3
    frozen.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(2) as pool:
        result = list(pool.map(lambda _: frozen.ok("POST", "/clock/advance", {"seconds": 60}), range(2)))
    result.sort(key=lambda each: str(each["start"]))
    assert [(each["start"], each["end"]) for each in result] == [
        (NOON, "2030-01-31T12:01:00Z"),
        ("2030-01-31T12:01:00Z", "2030-01-31T12:02:00Z"),
    ]
    assert result[0]["counts"]["callback"] == 1
    assert result[1]["counts"] == {}
    assert frozen.ok("GET", "/clock") == {"now": "2030-01-31T12:02:00Z", "running": False}


def test_two_advances_at_once_leave_a_running_clock_running(tenant: Account, receiver: Receiver) -> None:
    receiver.delay = 0.3
    tenant.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(2) as pool:
        result = list(pool.map(lambda _: tenant.ok("POST", "/clock/advance", {"seconds": 60}), range(2)))
    assert [each["running"] for each in result] == [True, True]
    assert tenant.ok("GET", "/clock")["running"] is True


@pytest.mark.parametrize(
    ("verb", "path", "shows"),
    [
        ("POST", "/clock/resume", {"running": True}),
        ("POST", "/clock/freeze", {"running": False, "now": "2030-01-31T12:01:00Z"}),
    ],
)
def test_other_changes_of_the_clock_wait_for_an_advance(
    frozen: Account, receiver: Receiver, verb: str, path: str, shows: dict[str, object]
) -> None:
    receiver.delay = 0.4
    frozen.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool:
        advance = pool.submit(frozen.ok, "POST", "/clock/advance", {"seconds": 60})
        receiver.wait_for(1)
        clock = frozen.ok(verb, path)
        assert advance.result()["end"] == "2030-01-31T12:01:00Z"
    assert shows.items() <= clock.items()
    assert frozen.ok("GET", "/clock")["running"] is shows["running"]


def test_a_reset_waits_for_an_advance_and_has_the_last_word(tenant: Account, receiver: Receiver) -> None:
    receiver.delay = 0.4
    tenant.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool:
        advance = pool.submit(tenant.ok, "POST", "/clock/advance", {"days": 60})
        receiver.wait_for(1)
        before = datetime.now(UTC)
        clock = tenant.ok("POST", "/tenants/current/reset")["clock"]
        advance.result()
    assert before <= moment(clock["now"]) <= datetime.now(UTC)
    assert tenant.ok("GET", "/messages")["messages"] == []


def test_an_advance_is_refused_if_its_tenant_is_deleted_during_it(
    server: Account, frozen: Account, receiver: Receiver
) -> None:
    receiver.status = 500
    name = frozen.ok("GET", "/tenants/current")["name"]
    frozen.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool:
        with receiver.holding():
            advance = pool.submit(frozen.control, "POST", "/clock/advance", {"days": 60})
            receiver.wait_for(1)
            server.ok("DELETE", f"/tenants/{name}")
        answer = advance.result()
    assert (answer.status, answer.code) == (404, "not_found")
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"seconds": 0},
        {"seconds": -1},
        {"days": -0.5},
        {"hours": 10**30},
        {"days": 40000},
        {"seconds": 1e-9},
        {"seconds": "60"},
        {"to": "2031-01-01"},
        {"to": "2031-01-01T00:00:00"},
        {"to": "2029-12-31T23:59:59Z"},
        {"to": "9999-12-31T23:59:59Z"},
        {"to": "9000-01-01T00:00:00Z"},
        {"to": "9999-12-31T23:59:59-14:00"},
        {"to": "0001-01-01T00:00:00+14:00"},
        {"to": "2031-01-01T00:00:00Z", "seconds": 1},
        {"to": 5},
        {"weeks": 1},
    ],
)
def test_an_invalid_advance_is_refused(frozen: Account, body: dict[str, object]) -> None:
    assert frozen.refused("POST", "/clock/advance", body) == (422, "invalid")
    assert frozen.ok("GET", "/clock") == {"now": NOON, "running": False}


def test_a_clock_ends_before_the_year_9000(frozen: Account) -> None:
    end = "8999-12-31T23:59:59Z"
    frozen.send()
    assert frozen.ok("POST", "/clock/advance", {"to": end})["end"] == end
    assert status(frozen) == ["delivered"]
    assert frozen.refused("POST", "/clock/advance", {"days": 36600}) == (422, "invalid")
    assert frozen.ok("GET", "/clock") == {"now": end, "running": False}
    frozen.ok("POST", "/clock/resume")
    assert frozen.ok("GET", "/clock")["running"] is True
    assert frozen.ok("POST", "/clock/freeze")["running"] is False
    frozen.send()


def test_a_long_list_of_events_is_cut(frozen: Account) -> None:
    handsets = ",".join(f"614915{number:05}" for number in range(70100, 70500))
    for _ in range(3):
        frozen.send("hi", handsets)
    result = frozen.ok("POST", "/clock/advance", {"seconds": 5})
    assert result["counts"]["report"] > 1000
    assert len(result["happened"]) == 1000
    assert result["truncated"] is True


def test_a_callback_may_use_the_sandbox_while_a_clock_is_advanced(frozen: Account, receiver: Receiver) -> None:
    """Some apps send another message when they get a delivery report."""
    frozen.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool:
        with receiver.holding():
            advance = pool.submit(frozen.ok, "POST", "/clock/advance", {"seconds": 30})
            receiver.wait_for(1)
            frozen.send("and another", dlr_callback=receiver.url)
        result = advance.result()
    assert result["counts"]["report"] == 2
    assert len(receiver.received) == 2
