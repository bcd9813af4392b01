"""The handlers of the timeline's events."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete

from sms_sandbox.domain.carrier import DELIVERED, HARD_BOUNCE, PENDING, SOFT_BOUNCE
from sms_sandbox.services.send_message import CHUNK_SIZE
from sms_sandbox.simulation import events
from sms_sandbox.simulation.events import HANDLERS, MAX_WEIGHT, report, weight
from sms_sandbox.store import messages, recipients, tables, tenants, timeline
from sms_sandbox.store.recipients import Reporting
from sms_sandbox.store.timeline import Due, Plan
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.store.example_rows import HANDSETS, NOON, seconds, send


def run(db: Connection, fresh: FreshTenant, kind: str, *plans: Plan) -> None:
    """Run events of one kind together."""
    tenant = tenants.read(db, fresh.tenant)
    assert tenant is not None
    rows = [Due(0, fresh.tenant, each.due, kind, each.ref, "", each.data or {}) for each in plans]
    if kind == timeline.REPORT:
        report(db, tenant, rows, recipients.find_reporting(db, [(fresh.tenant, row.ref) for row in rows]))
    else:
        HANDLERS[kind](db, tenant, rows)


def planned(db: Connection, fresh: FreshTenant) -> Sequence[Due]:
    return timeline.list_due(db, fresh.tenant, NOON + timedelta(days=9), 10_000)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("report", {}, 1),
        ("send", {"size": 7}, 7),
        ("send", {"size": 10_000}, CHUNK_SIZE),
        ("enlist", {"after": "1", "parts": 1}, MAX_WEIGHT),
    ],
)
def test_the_weight_of_a_row_depends_on_its_recipients(kind: str, data: dict[str, object], expected: int) -> None:
    assert weight(Due(1, 1, NOON, kind, 1, "", data)) == expected


def test_sending_plans_a_report_for_each_recipient(still: FreshTenant) -> None:
    with still.store.begin() as db:
        one, first = send(db, still, HANDSETS[:2])
        two, _ = send(db, still, HANDSETS[:1], validity=timedelta(milliseconds=500))
        run(db, still, "send", Plan(NOON, "send", one), Plan(NOON, "send", two))
        assert [(row.kind, row.ref, row.due, row.data["status"]) for row in planned(db, still)] == [
            ("report", first + 2, NOON + seconds(0.5), SOFT_BOUNCE),
            ("report", first, NOON + seconds(1), DELIVERED),
            ("report", first + 1, NOON + seconds(1), DELIVERED),
        ]
        for each in (one, two):
            message = messages.read(db, still.tenant, each)
            assert message is not None
            assert message.status == messages.SENT


def test_long_messages_are_sent_in_chunks(still: FreshTenant) -> None:
    to = [str(61_400_000_000 + number) for number in range(CHUNK_SIZE + 1)]
    with still.store.begin() as db:
        sent, first = send(db, still, to)
        run(db, still, "send", Plan(NOON, "send", sent, {"size": len(to)}))
        (more,) = (row for row in planned(db, still) if row.kind == "send")
        assert (more.due, more.data) == (NOON, {"size": len(to), "after": first + CHUNK_SIZE - 1})
        timeline.take(db, [more])
        run(db, still, "send", Plan(more.due, "send", sent, more.data))
        assert sorted(row.ref for row in planned(db, still)) == list(range(first, first + len(to)))


def test_deleted_and_cancelled_messages_are_not_sent(still: FreshTenant) -> None:
    with still.store.begin() as db:
        called_off, _ = send(db, still, HANDSETS[:1])
        messages.cancel(db, still.tenant, called_off)
        run(db, still, "send", Plan(NOON, "send", called_off), Plan(NOON, "send", 1))
        run(
            db, still, "enlist", Plan(NOON, "enlist", called_off, {"after": ""}), Plan(NOON, "enlist", 1, {"after": ""})
        )
        assert planned(db, still) == []
    assert queries.message(still, called_off).status == messages.CANCELLED


def test_a_report_counts_once(still: FreshTenant) -> None:
    queries.set_account(still, dlr_url="http://localhost/dlr")
    with still.store.begin() as db:
        sent, first = send(db, still, HANDSETS[:3])
        both = [
            Plan(NOON + seconds(1), "report", first, {"status": DELIVERED}),
            Plan(NOON + seconds(2), "report", first + 1, {"status": HARD_BOUNCE}),
        ]
        run(db, still, "report", *both)
        run(db, still, "report", *both, Plan(NOON, "report", 1, {"status": DELIVERED}))
        assert [(row.kind, row.due) for row in planned(db, still)] == [
            ("callback", NOON + seconds(1)), ("callback", NOON + seconds(2)),
        ]  # fmt: skip
    message = queries.message(still, sent)
    assert (message.delivered, message.hard_bounced, message.soft_bounced, message.pending) == (1, 1, 0, 1)
    assert [each.status for each in queries.all_recipients(still, sent)] == [DELIVERED, HARD_BOUNCE, PENDING]
    assert [(each.event, each.msisdn, each.created) for each, _ in queries.all_callbacks(still)] == [
        ("dlr", HANDSETS[0], NOON + seconds(1)), ("dlr", HANDSETS[1], NOON + seconds(2)),
    ]  # fmt: skip


def test_reports_without_a_url_are_not_called_back(still: FreshTenant) -> None:
    with still.store.begin() as db:
        _, first = send(db, still, HANDSETS[:1])
        run(db, still, "report", Plan(NOON, "report", first, {"status": DELIVERED}))
        assert planned(db, still) == []


def test_a_removed_list_does_not_stop_recipients_that_were_added_before(still: FreshTenant) -> None:
    list_id = queries.add_list(still, HANDSETS[:5])
    with still.store.begin() as db:
        sent, first = send(db, still, HANDSETS[:2], list_id=list_id)
        db.execute(delete(tables.lists).where(tables.lists.c.id == list_id))
        run(db, still, "enlist", Plan(NOON, "enlist", sent, {"after": HANDSETS[1], "parts": 2}))
        (send_row,) = planned(db, still)
        assert (send_row.kind, send_row.ref) == ("send", sent)
    assert queries.message(still, sent).recipients == 2
    assert [each.id for each in queries.all_recipients(still, sent)] == [first, first + 1]


def test_planned_replies_arrive_and_unreachable_ones_are_dropped(still: FreshTenant) -> None:
    with still.store.begin() as db:
        sent, _ = send(db, still, HANDSETS[:1])
        lost = Plan(NOON, "inbound", 0, {"from": HANDSETS[9], "to": None, "text": "Hi"})
        run(db, still, "inbound", lost, Plan(NOON, "inbound", 0, {"from": HANDSETS[0], "to": None, "text": "Hi"}), lost)
    assert queries.message(still, sent).responses == 1


def test_a_delivery_callback_has_the_values_of_its_report(still: FreshTenant) -> None:
    with still.store.begin() as db:
        _, first = send(db, still, HANDSETS[:1], dlr_url="http://localhost/own?x=1")
        report = reporting(db, still, first)
    (news,) = events.delivery_callbacks(
        report, Due(1, still.tenant, NOON, "report", first, "", {"status": SOFT_BOUNCE})
    )
    assert (news.event, news.url, news.at, news.secret) == (
        "dlr", "http://localhost/own?x=1", NOON, still.account.secret,
    )  # fmt: skip
    assert dict(news.params)["status"] == SOFT_BOUNCE


def reporting(db: Connection, fresh: FreshTenant, recipient: int) -> Reporting:
    return recipients.find_reporting(db, [(fresh.tenant, recipient)])[fresh.tenant, recipient]
