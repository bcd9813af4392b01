"""The events that are due next, and the advance to them."""

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

REPLIES = "61491578888"


def due(tenant: Account) -> list[tuple[str, str, str | None, str | None]]:
    events = tenant.ok("GET", "/clock/due")["events"]
    return [
        (each["at"], each["kind"], each["says"], each["number"]) for each in events if "renewal" not in each["kind"]
    ]


def test_due_events_are_listed_with_their_subjects(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 500
    first = frozen.send("hi", HANDSET, dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    frozen.send("hi", REPLIES)
    later = frozen.send("hi", send_at="2030-02-01 00:00:00")
    assert due(frozen) == [
        ("2030-01-31T12:00:02Z", "report", "delivered", REPLIES),
        ("2030-01-31T12:00:07Z", "inbound", "Yes please", REPLIES),
        ("2030-01-31T12:01:01Z", "callback", "dlr", HANDSET),
        ("2030-02-01T00:00:00Z", "send", None, None),
    ]
    events = frozen.ok("GET", "/clock/due")["events"]
    assert [each["message_id"] for each in events[:4]] == [first + 1, first + 1, first, later]
    for message, kinds in {first: ["callback"], first + 1: ["report", "inbound"], later: ["send"]}.items():
        assert [each["kind"] for each in frozen.ok("GET", "/clock/due", message=message)["events"]] == kinds
    page = frozen.ok("GET", "/clock/due", max=1, page=2)
    assert (page["page"]["number"], [each["kind"] for each in page["events"]]) == (2, ["inbound"])


def test_the_clock_advances_from_event_to_event(frozen: Account, receiver: Receiver) -> None:
    frozen.send("hi", REPLIES, dlr_callback=receiver.url)
    first = frozen.ok("POST", "/clock/next")
    assert (first["end"], first["counts"], first["running"]) == (
        "2030-01-31T12:00:01Z",
        {"report": 1, "callback": 1},
        False,
    )
    assert len(receiver.received) == 1
    second = frozen.ok("POST", "/clock/next")
    assert (second["start"], second["end"], second["counts"]) == (first["end"], "2030-01-31T12:00:06Z", {"inbound": 1})


def test_a_running_clock_runs_on_after_the_next_event(tenant: Account) -> None:
    tenant.send("hi", send_at="2090-01-01 00:00:00")
    tenant.ok("POST", "/tenants/current/reset", {"kinds": ["numbers"]})
    ran = tenant.ok("POST", "/clock/next")
    assert ran["running"] is True
    assert sum(ran["counts"].values()) >= 1
    assert tenant.ok("GET", "/clock")["now"] >= ran["end"]


def test_without_an_event_the_clock_stays(frozen: Account) -> None:
    frozen.ok("PATCH", "/account", {"balance": 0})
    now = frozen.ok("POST", "/clock/advance", {"days": 40})["end"]  # the number can't be paid for, so it is given back
    assert frozen.ok("GET", "/clock/due")["events"] == []
    assert frozen.refused("POST", "/clock/next") == (409, "conflict")
    assert frozen.ok("GET", "/clock") == {"now": now, "running": False}
