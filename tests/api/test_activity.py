"""Reports on a period, except get-user-sms-sent, which is in test_reports."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sms_sandbox.services.new_tenant import OWN_NUMBER, SHARED_NUMBER
from tests.api.tenant_setup import add_other_caller, advance, execute_sql, freeze, reply
from tests.conftest import Caller, FreshTenant

NOW = datetime(2026, 3, 1, 10, 0, 42, 500_000, UTC)
TOLD = "2026-03-01 10:00:42"
TO = 61491570156
GENERIC = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    """A tenant whose clock is frozen."""
    freeze(fresh, NOW)
    return fresh


def send(call: Caller, to: object = TO, message: str = "Hello", **params: Any) -> int:
    return int(call.ok("send-sms", to=to, message=message, **params)["message_id"])


# get-sms-sent-count


def test_messages_that_have_left_are_counted(call: Caller, frozen: FreshTenant) -> None:
    assert call.ok("get-sms-sent-count")["count"] == 0
    send(call, f"{TO},{TO + 1}", "x" * 200)
    send(call, send_at="2026-03-01 10:30:00")
    call.ok("cancel-sms", id=send(call, send_at="2026-03-01 10:20:00"))
    send(add_other_caller(frozen))
    assert call.ok("get-sms-sent-count")["count"] == 2
    assert call.ok("get-sms-sent-count", start=TOLD, end="2026-03-02")["count"] == 2
    advance(frozen, hours=1)
    assert call.ok("get-sms-sent-count")["count"] == 3
    assert call.http.get("/get-sms-sent-count.xml").text.startswith('<?xml version="1.0"?>\n<response><count>3</count>')
    advance(frozen, days=1)
    assert call.ok("get-sms-sent-count")["count"] == 0


@pytest.mark.parametrize(
    ("span", "count"),
    [
        ({"start": "2026-03-01", "end": "2026-03-08"}, 1),
        ({"start": "2026-02-22", "end": "2026-03-01"}, 0),
        ({"start": TOLD}, 1),
        ({"start": "2026-03-01 10:00:43"}, 0),
        ({"start": "2026-02-20"}, 0),  # up to a week after it
        ({"end": TOLD}, 1),
        ({"end": "2026-03-08 10:00:42"}, 1),
        ({"end": "2026-03-08 10:00:43"}, 0),
    ],
)
def test_activity_is_counted_between_two_dates(
    call: Caller, frozen: FreshTenant, span: dict[str, str], count: int
) -> None:
    send(call)
    assert call.ok("get-sms-sent-count", **span)["count"] == count


@pytest.mark.parametrize(
    ("method", "span"),
    [
        ("get-sms-sent-count", {"start": "2026-03-01", "end": "2026-03-08 00:00:01"}),
        ("get-sms-sent-count", {"start": "2026-03-02", "end": "2026-03-01"}),
        ("get-sms-sent-count", {"start": "soon"}),
        ("get-message-report", {"start": "2026-03-01", "end": "2026-03-31 00:00:01"}),
        ("get-message-report", {"start": "2026-03-02", "end": "2026-03-01"}),
        ("get-message-report", {"type": "letter"}),
        ("get-message-report", {"end": "2026-13-01"}),
        ("get-contact-sms-stats", {"mobile": "0491570156"}),
        ("get-contact-sms-stats", {"mobile": "nobody"}),
        ("get-contact-sms-stats", {"mobile": TO, "sort_field": "msisdn"}),
        ("get-contact-sms-stats", {"mobile": TO, "order": "up"}),
        ("get-contact-sms-stats", {"mobile": TO, "countrycode": "Atlantis"}),
    ],
)
def test_an_invalid_activity_request_is_refused(
    call: Caller, frozen: FreshTenant, method: str, span: dict[str, Any]
) -> None:
    assert call.refused(method, **span) == GENERIC


# get-contact-sms-stats


def test_contact_stats_list_the_messages_of_a_handset(call: Caller, frozen: FreshTenant) -> None:
    first = send(call, f"{TO},{TO + 1}")
    advance(frozen, minutes=1)
    second = send(call)
    send(call, send_at="2026-03-02")
    call.ok("cancel-sms", id=send(call, send_at="2026-03-01 10:05:00"))
    send(add_other_caller(frozen))
    response = call.ok("get-contact-sms-stats", mobile=f"+{TO}")
    assert list(response) == ["page", "total", "records", "error"]
    assert response["total"] == 2
    assert [list(each.items()) for each in response["records"]] == [
        [("message_id", first), ("datetime_send", TOLD), ("delivery_status", "delivered")],
        [("message_id", second), ("datetime_send", "2026-03-01 10:01:42"), ("delivery_status", "pending")],
    ]
    nobody = call.ok("get-contact-sms-stats", mobile=TO + 5)
    assert (nobody["total"], "records" in nobody) == (0, False)
    assert call.refused("get-contact-sms-stats") == ("FIELD_EMPTY", "Field mobile is required")


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({}, [0, 1, 2]),
        ({"order": "DESC"}, [2, 1, 0]),
        ({"sort_field": "message_id"}, [0, 1, 2]),
        ({"sort_field": "message_id", "order": "desc"}, [2, 1, 0]),
        ({"sort_field": "delivery_status"}, [1, 2, 0]),
        ({"sort_field": "delivery_status", "order": "desc"}, [0, 2, 1]),
        ({"max": 2, "page": 2}, [2]),
        ({"max": 2, "page": 2, "order": "desc"}, [0]),
        ({"start": "2026-03-01 10:01:42"}, [1, 2]),
        ({"end": "2026-03-01 10:01:42"}, [0, 1]),
        ({"start": "2026-03-01 10:01:00", "end": "2026-03-01 10:02:00"}, [1]),
        ({"mobile": "0491 570 156", "countrycode": "AU"}, [0, 1, 2]),
        ({"mobile": "491570156", "countrycode": "Australia"}, [0, 1, 2]),
    ],
)
def test_records_are_sorted_as_requested(
    call: Caller, frozen: FreshTenant, params: dict[str, Any], shown: list[int]
) -> None:
    sent = []
    for _ in range(3):
        sent.append(send(call))
        advance(frozen, minutes=1)
    execute_sql(frozen, "UPDATE recipients SET status = 'soft-bounce' WHERE message = :message", message=sent[0])
    execute_sql(frozen, "UPDATE recipients SET status = 'hard-bounce' WHERE message = :message", message=sent[2])
    response = call.ok("get-contact-sms-stats", **{"mobile": TO, **params})
    assert [sent.index(each["message_id"]) for each in response["records"]] == shown


# get-message-report


def test_a_message_report_has_a_row_for_each_message(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="people", field_1="City", field_2="Postcode")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO, first_name="Given", field_1="Sydney", field_2="2000")
    single = send(call, message="0042")
    advance(frozen, minutes=1)
    to_list = call.ok("send-sms", list_id=list_id, message="Dear [firstname] " + "x" * 200)["message_id"]
    advance(frozen, minutes=1)
    reply(frozen, str(TO), "Stop")
    several = send(call, f"{TO + 1},{TO + 2}")
    response = call.ok("get-message-report", list_id=list_id)
    assert list(response) == ["page", "messages_total", "sms_total", "messages", "error"]
    assert (response["messages_total"], response["sms_total"]) == (3, 5)
    newest, middle, oldest = response["messages"]
    assert list(newest.items()) == [
        ("type", "api"), ("id", several), ("sms", 2), ("cost", -0.174), ("sent_at", "2026-03-01 10:02:42"),
        ("status", "completed"), ("message", "Hello"), ("pending", 2), ("delivered", 0), ("soft_bounced", 0),
        ("hard_bounced", 0), ("optouts", 0), ("responses", 0),
    ]  # fmt: skip
    assert (middle["id"], middle["message"][:16], middle["responses"], middle["optouts"]) == (
        to_list, "Dear [firstname]", 1, 1,
    )  # fmt: skip
    assert "msisdn" not in middle
    assert list(oldest.items())[1:3] == [("id", single), ("sms", 1)]
    assert list(oldest.items())[13:] == [
        ("msisdn", TO), ("first_name", "Given"), ("last_name", ""), ("fields", {"City": "Sydney", "Postcode": 2000}),
    ]  # fmt: skip
    as_array = call.ok("get-message-report", list_id=list_id, response_style="array")["messages"][2]["fields"]
    assert as_array == [{"name": "City", "value": "Sydney"}, {"name": "Postcode", "value": 2000}]
    plain = call.ok("get-message-report")["messages"][2]
    assert list(plain)[-1] == "msisdn"


def test_a_list_adds_the_names_of_its_members_to_the_report(call: Caller, frozen: FreshTenant) -> None:
    list_id = call.ok("add-list", name="plain")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO)
    send(call, TO)
    send(call, TO + 1)
    unknown, known = call.ok("get-message-report", list_id=list_id)["messages"]
    assert list(unknown)[-1] == "msisdn"
    assert list(known.items())[-3:] == [("msisdn", TO), ("first_name", None), ("last_name", None)]
    assert call.refused("get-message-report", list_id=1)[0] == "NOT_FOUND"
    assert add_other_caller(frozen).refused("get-message-report", list_id=list_id)[0] == "NO_ACCESS"


def test_scheduled_and_cancelled_messages_are_not_in_the_report(call: Caller, frozen: FreshTenant) -> None:
    later = send(call, send_at="2026-03-01 12:00:00")
    never = send(call, send_at="2026-03-01 11:00:00")
    call.ok("cancel-sms", id=never)
    assert call.ok("get-message-report")["messages_total"] == 0
    span = {"start": "2026-03-01", "end": "2026-03-31"}
    response = [
        (each["id"], each["status"], each["pending"]) for each in call.ok("get-message-report", **span)["messages"]
    ]
    assert response == [(later, "scheduled", 1), (never, "user cancelled", 0)]
    advance(frozen, hours=3)
    assert call.ok("get-message-report")["messages"][0]["status"] == "completed"


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({}, [3, 2, 1, 0]),
        ({"type": "all"}, [3, 2, 1, 0]),
        ({"type": "API"}, [2, 1, 0]),
        ({"type": "keyword"}, [3]),
        ({"type": "campaign"}, []),
        ({"number": SHARED_NUMBER}, [1]),
        ({"number": f"+{OWN_NUMBER}"}, [3, 2, 0]),
        ({"max": 3, "page": 2}, [0]),
        ({"end": "2026-02-28"}, []),
        ({"start": "2026-03-01 10:00:43"}, []),
    ],
)
def test_a_report_is_filtered_by_type(
    call: Caller, frozen: FreshTenant, params: dict[str, Any], shown: list[int]
) -> None:
    sent = [send(call), send(call, from_=SHARED_NUMBER), send(call), send(call)]
    execute_sql(frozen, "UPDATE messages SET type = 'keyword' WHERE id = :message", message=sent[3])
    send(add_other_caller(frozen))
    response = call.ok("get-message-report", **params)
    assert [sent.index(each["id"]) for each in response.get("messages", [])] == shown
    if "max" not in params:
        assert (response["messages_total"], response["sms_total"]) == (len(shown), len(shown))
