"""Preparation of recorded exchanges on messages, reports and responses."""

from datetime import timedelta

from tests.api.replay.preparation import (
    HANDSET,
    NAMES,
    Line,
    Params,
    Prepare,
    add_list,
    captured_at,
    keep_params,
    lease,
    parse_time,
    send,
)
from tests.api.tenant_setup import advance, execute_sql, freeze, reply
from tests.conftest import Caller, FreshTenant

EDITED = "1234567890"
"""The vendor's replacement for numbers in some examples."""


def before_send(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    params = dict(line["params"])
    if "from" in params:
        lease(fresh, params["from"])
    if params.get("to") == EDITED:
        params["to"] = HANDSET
    if "list_id" in params:
        params["list_id"] = add_list(call)
        call.ok("add-to-list", list_id=params["list_id"], msisdn=HANDSET, **NAMES)
    return params


def before_cancel(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    return {"id": send(call, send_at="2030-01-01")}


def before_report(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    if line["status"] != 200:
        return dict(line["params"])
    if line["source"] == "recorded-2015":
        return {**line["params"], "message_id": send(call, to="61491570156,61491570156")}
    return {**line["params"], "message_id": tracked(call, fresh, line)}


def tracked(call: Caller, fresh: FreshTenant, line: Line) -> int:
    """Send a message with a link, which is delivered and answered five days later."""
    lease(fresh, "61491570121")
    freeze(fresh, captured_at(line) - timedelta(days=5))
    link = {"message": "click on my link [tracked-link]", "tracked_link_url": "https://www.example.com/landing"}
    sent = send(call, **{"from": "61491570121"}, **link)
    advance(fresh, minutes=1)
    freeze(fresh, captured_at(line) - timedelta(minutes=20))
    reply(fresh, HANDSET, "Hi There", to="61491570121")
    freeze(fresh, captured_at(line))
    return sent


def before_responses(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    freeze(fresh, captured_at(line) - timedelta(hours=1))
    for number in ("61491570123", "61491570124"):
        lease(fresh, number)
        send(call, **{"from": number})
        reply(fresh, HANDSET, "Received response")
    list_id = add_list(call)
    call.ok("add-to-list", list_id=list_id, msisdn=HANDSET, **NAMES)
    send(call, list_id=list_id)
    reply(fresh, HANDSET, "I there")
    tracked(call, fresh, line)
    return {}


def before_activity(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    freeze(fresh, captured_at(line) - timedelta(minutes=5))
    for number in ("61491570124", "61491570126", "61491570124"):
        lease(fresh, number)
        send(call, message="Hi there\n\nOpt-out reply STOP", **{"from": number})
        advance(fresh, seconds=30)
    freeze(fresh, captured_at(line))
    return dict(line["params"])


def before_records(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    freeze(fresh, parse_time(line["body"]["records"][0]["datetime_send"]))
    for _ in range(line["body"]["total"]):
        send(call)
    advance(fresh, minutes=1)
    freeze(fresh, captured_at(line))
    return dict(line["params"])


def before_message_report(call: Caller, fresh: FreshTenant, line: Line) -> Params:
    """Send a message to one handset, then a campaign to a list."""
    freeze(fresh, parse_time("2020-09-25 07:36:06"))
    lease(fresh, "61491570125")
    list_id = add_list(call, "City", "Postcode")
    call.ok("add-to-list", list_id=list_id, msisdn=HANDSET, first_name="First", field_1="Sydney", field_2="2000")
    single = send(call, message="test")
    advance(fresh, minutes=9)
    campaign = call.ok("send-sms", message="test keyword", list_id=list_id, **{"from": "61491570125"})["message_id"]
    for message, kind in ((single, "quick_sms"), (campaign, "campaign")):
        sql = "UPDATE messages SET type = :kind WHERE tenant = :tenant AND id = :message"
        execute_sql(fresh, sql, kind=kind, tenant=fresh.tenant, message=message)
    freeze(fresh, captured_at(line))
    return {**line["params"], **({"list_id": list_id} if "list_id" in line["params"] else {})}


PREPARE: dict[str, Prepare] = {
    "send-sms": before_send,
    "cancel-sms": before_cancel,
    "format-number": keep_params,
    "get-sms": before_report,
    "get-sms-stats": before_report,
    "get-sms-sent": before_report,
    "get-sms-responses": before_report,
    "get-sms-delivery-status": before_report,
    "get-user-sms-responses": before_responses,
    "get-user-sms-sent": before_activity,
    "get-sms-sent-count": keep_params,
    "get-contact-sms-stats": before_records,
    "get-message-report": before_message_report,
}
