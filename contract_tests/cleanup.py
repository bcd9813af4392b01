"""How what a test made is removed again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Undo = tuple[str, dict[str, Any]]

GONE = {"SUCCESS", "NOT_FOUND", "ALREADY_SENT", "DUPLICATE_DELETED", "FIELD_INVALID"}
"""Answers after which there is nothing left to remove."""

OPTIONS = ("forward_email", "forward_sms", "forward_url", "list_id", "welcome_message", "members_message")


def undoing(method: str, params: Mapping[str, Any], payload: Mapping[str, Any]) -> list[Undo]:
    """The calls that remove what a call that succeeded made."""
    if method == "add-list":
        return [("remove-list", {"list_id": payload.get("id")})]
    if method == "add-contacts-bulk" and not params.get("list_id"):
        return [("remove-list", {"list_id": payload.get("list_id")})]
    if method == "send-sms" and params.get("send_at"):
        return [("cancel-sms", {"id": payload.get("message_id")})]
    if method == "add-email" and params.get("email"):
        return [("delete-email", {"email": params.get("email")})]
    if method == "edit-number-options" and params.get("number"):
        return [(method, {"number": params.get("number"), **dict.fromkeys(OPTIONS, "")})]
    if method == "add-keyword" and params.get("keyword"):
        named = {"keyword": params.get("keyword"), "number": params.get("number")}
        closed: Undo = ("edit-keyword", {**named, "status": "closed"})
        own_list = str(payload.get("list_id") or "0")
        if own_list != "0" and not params.get("list_id"):
            return [closed, ("remove-list", {"list_id": own_list})]
        return [closed]
    return []


def name_of_a_list() -> str:
    """A name that says where a list comes from, should a run be killed before it could remove it."""
    return f"contract suite {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
