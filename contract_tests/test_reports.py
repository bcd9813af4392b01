"""Reports, their filters and their time spans (4.6 to 4.13)."""

import pytest

from .client import Api
from .grants import NOTHING, SANDBOX
from .messages import send
from .plugin import about, needs
from .scene import HANDSETS, days_ago, days_ahead
from .target import Control

Tenant = tuple[Api, Control]
SANDBOX_ONLY = needs(SANDBOX, why="it counts everything the account has sent")


@SANDBOX_ONLY
@about("get-sms-sent-count", "get-message-report", "get-user-sms-sent")
def test_counts_of_sent_messages(tenant: Tenant) -> None:
    api, control = tenant
    first = send(api, f"{HANDSETS[0]},{HANDSETS[1]}", "x" * 161)
    second = send(api, HANDSETS[0])
    dropped = send(api, HANDSETS[0], send_at=days_ahead(1))["message_id"]
    api.ok("cancel-sms", id=dropped)
    control.advance(seconds=5)
    assert api.ok("get-sms-sent-count")["count"] == 3
    report = api.ok("get-message-report", start=days_ago(1), end=days_ahead(3))
    assert (report["messages_total"], report["sms_total"]) == (3, 6)
    rows = {row["id"]: row for row in report["messages"]}
    assert rows[first["message_id"]]["cost"] == -first["cost"]
    assert "msisdn" not in rows[first["message_id"]]
    assert str(rows[second["message_id"]]["msisdn"]) == HANDSETS[0]
    sent = api.ok("get-user-sms-sent", start=days_ago(1), end=days_ahead(1))
    assert sent["total"] == 3
    assert api.ok("get-user-sms-sent", start=days_ago(1), end=days_ahead(1), msisdn=HANDSETS[1])["total"] == 1
    assert api.ok("get-contact-sms-stats", mobile="0491570156", countrycode="AU")["total"] == 2


@SANDBOX_ONLY
@about("get-message-report", "get-sms-sent")
def test_a_list_gives_recipients_their_names(tenant: Tenant) -> None:
    api, control = tenant
    list_id = api.ok("add-list", name="names", field_1="City")["id"]
    api.ok("add-to-list", list_id=list_id, msisdn=HANDSETS[0], first_name="Abc", field_1="Uno")
    message = send(api, HANDSETS[0])["message_id"]
    control.advance(seconds=5)
    (row,) = api.ok("get-message-report", list_id=list_id)["messages"]
    assert (row["first_name"], row["last_name"], row["fields"]) == ("Abc", "", {"City": "Uno"})
    (row,) = api.ok("get-message-report", list_id=list_id, response_style="array")["messages"]
    assert row["fields"] == [{"name": "City", "value": "Uno"}]
    (row,) = api.ok("get-sms-sent", message_id=message, list_id=list_id)["recipients"]
    assert (row["first_name"], row["fields"]) == ("Abc", {"City": "Uno"})
    (row,) = api.ok("get-sms-sent", message_id=message)["recipients"]
    assert row["first_name"] is None


@SANDBOX_ONLY
@about("get-contact-sms-stats")
def test_records_are_sorted_as_asked(tenant: Tenant) -> None:
    api, control = tenant
    ids = []
    for _ in range(3):
        ids.append(send(api, HANDSETS[0])["message_id"])
        control.advance(seconds=61)
    for form, expected in (({}, ids), ({"order": "desc"}, ids[::-1]), ({"sort_field": "message_id"}, ids)):
        records = api.ok("get-contact-sms-stats", mobile=HANDSETS[0], **form)["records"]
        assert [row["message_id"] for row in records] == expected


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(NOTHING)
@about("format-number")
def test_numbers_are_formatted(api: Api, fmt: str) -> None:
    numbers = {
        ("0491 570-156", "AU"): ("61", "491570156", "61491570156", "1", "true"),
        ("+61 491 570 156", "nz"): ("61", "491570156", "61491570156", "1", "true"),
        ("(02) 9876 5432", "Australia"): ("61", "298765432", "61298765432", "0", "true"),
        ("2025550143", "US"): ("1", "2025550143", "12025550143", "2", "true"),
        ("91234567", "SG"): ("65", "91234567", "6591234567", "1", "true"),
        ("12345", "AU"): ("61", "12345", "6112345", "10", "false"),
    }
    for (msisdn, country), expected in numbers.items():
        payload = api.ok("format-number", fmt, msisdn=msisdn, countrycode=country)["number"]
        keys = ("countrycode", "nationalnumber", "international", "type", "isValid")
        assert tuple(str(payload[key]).lower() for key in keys) == expected, msisdn
        assert payload["national_leading_zeroes"] == payload["nationalnumber"]
