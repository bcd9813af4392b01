"""Calls that remove what a test created."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

CleanupCall = tuple[str, dict[str, Any]]

CODES_WHEN_GONE = {"SUCCESS", "NOT_FOUND", "ALREADY_SENT", "DUPLICATE_DELETED", "FIELD_INVALID"}
"""Codes of a cleanup call that mean nothing is left to remove."""

NUMBER_OPTIONS = ("forward_email", "forward_sms", "forward_url", "list_id", "welcome_message", "members_message")


def cleanup_calls(method: str, params: Mapping[str, Any], payload: Mapping[str, Any]) -> list[CleanupCall]:
    """Return the calls that remove what a successful call created."""
    if method == "add-list":
        return [("remove-list", {"list_id": payload.get("id")})]
    if method == "add-contacts-bulk" and not params.get("list_id"):
        return [("remove-list", {"list_id": payload.get("list_id")})]
    if method == "send-sms" and params.get("send_at"):
        return [("cancel-sms", {"id": payload.get("message_id")})]
    if method == "add-email" and params.get("email"):
        return [("delete-email", {"email": params.get("email")})]
    if method == "edit-number-options" and params.get("number"):
        return [(method, {"number": params.get("number"), **dict.fromkeys(NUMBER_OPTIONS, "")})]
    if method == "add-keyword" and params.get("keyword"):
        keyword = {"keyword": params.get("keyword"), "number": params.get("number")}
        close_call: CleanupCall = ("edit-keyword", {**keyword, "status": "closed"})
        own_list = str(payload.get("list_id") or "0")
        if own_list != "0" and not params.get("list_id"):
            return [close_call, ("remove-list", {"list_id": own_list})]
        return [close_call]
    return []


def new_list_name() -> str:
    """Return a name for a list. It shows the origin, in case a killed run leaves the list."""
    return f"contract suite {datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
