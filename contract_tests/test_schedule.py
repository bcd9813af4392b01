"""Scheduled messages, and cancelling them (4.1, 4.2)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from .client import Api
from .grants import MONEY, SANDBOX
from .messages import allowed_handset, send
from .plugin import about, needs
from .run import Run
from .scene import HANDSETS, days_ago, days_ahead
from .target import Control
from .test_send_sms import balance

Tenant = tuple[Api, Control]


def of_report(api: Api, message: int) -> dict[str, object]:
    """Return a message's row in the report of its day."""
    at = api.ok("get-sms", message_id=message)["send_at"]
    day = datetime.fromisoformat(at).replace(tzinfo=UTC)
    span = {"start": f"{day - timedelta(days=1):%Y-%m-%d}", "end": f"{day + timedelta(days=1):%Y-%m-%d}"}
    rows = api.ok("get-message-report", max=100, **span)["messages"]
    return next(dict(row) for row in rows if row["id"] == message)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(MONEY)
@about("cancel-sms", "send-sms", "get-message-report", "get-balance")
def test_a_scheduled_message_can_be_cancelled(run: Run, api: Api, fmt: str) -> None:
    before, moment = balance(api), days_ahead(2)
    payload = send(api, allowed_handset(run), send_at=moment)
    assert payload["send_at"] == moment
    message = payload["message_id"]
    assert balance(api) == before - Decimal(str(payload["cost"]))
    assert of_report(api, message)["status"] == "scheduled"
    assert api.ok("cancel-sms", fmt, id=message) == {"success": "OK"}
    assert of_report(api, message)["status"] == "user cancelled"
    assert balance(api) == before
    api.refused("ALREADY_SENT", "cancel-sms", fmt, id=message)
    assert balance(api) == before


@needs(MONEY)
@about("cancel-sms")
def test_a_sent_message_cannot_be_cancelled(run: Run, api: Api) -> None:
    message = send(api, allowed_handset(run))["message_id"]
    before = balance(api)
    api.refused("ALREADY_SENT", "cancel-sms", id=message)
    assert balance(api) == before


@needs(MONEY)
@about("cancel-sms")
def test_the_id_may_be_named_message_id(run: Run, api: Api) -> None:
    message = send(api, allowed_handset(run), send_at=days_ahead(2))["message_id"]
    api.ok("cancel-sms", message_id=message)


@needs(MONEY)
@about("send-sms")
def test_a_message_scheduled_for_the_past_is_sent_now(run: Run, api: Api) -> None:
    payload = send(api, allowed_handset(run), send_at="2020-01-01 00:00:00")
    assert payload["send_at"] > days_ago(1)


@needs(MONEY)
@about("send-sms", "cancel-sms")
def test_dates_may_be_written_in_many_ways(run: Run, api: Api) -> None:
    day = days_ahead(2)[:10]
    ways = {day: "00:00:00", f"{day}T10:20:30Z": "10:20:30", f"{day} 10:20:30": "10:20:30"}
    for given, time in ways.items():
        assert send(api, allowed_handset(run), send_at=given)["send_at"] == f"{day} {time}", given


@needs(SANDBOX, why="it moves the clock by days")
@about("send-sms", "cancel-sms", "get-user-sms-sent")
def test_only_a_cancelled_message_never_arrives(tenant: Tenant) -> None:
    api, control = tenant
    moment = days_ahead(1)
    kept, dropped = send(api, HANDSETS[0], "kept", send_at=moment), send(api, HANDSETS[0], "dropped", send_at=moment)
    span = {"start": days_ago(1), "end": days_ahead(3)}
    assert "messages" not in api.ok("get-user-sms-sent", **span)
    assert api.ok("get-sms", message_id=kept["message_id"])["delivery_stats"]["delivered"] == 0
    api.ok("cancel-sms", id=dropped["message_id"])
    control.advance(hours=25)
    arrived = api.ok("get-user-sms-sent", **span)["messages"]
    assert [(row["message"], row["status"], row["sent_at"]) for row in arrived] == [("kept", "delivered", moment)]
    assert api.ok("get-sms", message_id=dropped["message_id"])["delivery_stats"]["delivered"] == 0
    assert of_report(api, kept["message_id"])["status"] == "completed"
    api.refused("ALREADY_SENT", "cancel-sms", id=kept["message_id"])


@needs(SANDBOX, why="it decides how a message is delivered")
@about("get-sms-sent", "get-sms-stats", "get-sms-delivery-status", "get-contact-sms-stats")
def test_bounces_show_in_every_report(tenant: Tenant) -> None:
    api, control = tenant
    message = send(api, f"{HANDSETS[0]},{HANDSETS[1]},{HANDSETS[2]}", validity=30)["message_id"]
    rows = control.call("GET", f"/recipients?message={message}")["recipients"]
    fates = {HANDSETS[0]: "hard-bounce", HANDSETS[1]: "never", HANDSETS[2]: "delivered"}
    for row in rows:
        control.call("PUT", f"/recipients/{row['id']}/fate", {"status": fates[row["msisdn"]], "after_seconds": 60})
    pending = api.ok("get-sms-delivery-status", message_id=message, msisdn=HANDSETS[0])["stats"]
    assert (pending["status"], pending["datetime"]) == ("pending", None)
    assert api.ok("get-sms-sent", message_id=message, delivery="pending")["total"] == 3
    control.advance(hours=1)
    sent = {
        str(row["msisdn"]): row["delivery_status"] for row in api.ok("get-sms-sent", message_id=message)["recipients"]
    }
    assert sent == {HANDSETS[0]: "hard-bounce", HANDSETS[1]: "soft-bounce", HANDSETS[2]: "delivered"}
    failed = api.ok("get-sms-sent", message_id=message, delivery="failed")
    assert [str(row["msisdn"]) for row in failed["recipients"]] == [HANDSETS[0], HANDSETS[1]]
    assert (failed["total"], failed["page"]["count"]) == (2, 1)
    stats = api.ok("get-sms-stats", message_id=message)["stats"]
    assert stats == {
        "hard_bounced": 1, "soft_bounced": 1, "total": 3, "recipientCount": 3, "delivered": 1, "pending": 0,
        "bounced": 2, "responses": 0, "opt-outs": 0, "link_hits": 0,
    }  # fmt: skip
    assert api.ok("get-sms", message_id=message)["delivery_stats"]["bounced"] == 2
    for msisdn, state in {HANDSETS[0]: "failed", HANDSETS[1]: "failed", HANDSETS[2]: "delivered"}.items():
        assert api.ok("get-sms-delivery-status", message_id=message, msisdn=msisdn)["stats"]["status"] == state
        records = api.ok("get-contact-sms-stats", mobile=msisdn)["records"]
        assert [row["delivery_status"] for row in records] == [sent[msisdn]]
    row = of_report(api, message)
    assert (row["delivered"], row["soft_bounced"], row["hard_bounced"]) == (1, 1, 1)
    assert row["cost"] == -api.ok("get-sms", message_id=message)["cost"]
