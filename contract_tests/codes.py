"""Error codes: the status and the descriptions of each, and the methods that use them (3.1, 13.1)."""

from collections.abc import Mapping

STATUS_OF_CODE: Mapping[str, int] = {
    "AUTH_FAILED_NO_DATA": 401,
    "AUTH_FAILED": 401,
    "NOT_IMPLEMENTED": 404,
    "OVER_LIMIT": 429,
}
"""The HTTP status of codes. All others have 400."""

INVALID = "Field has invalid format (see proper format in the description)."
NOT_NUMERIC = 'Field "{field}" has wrong type, expected type - numeric'
NOT_LEASED = "This number is not leased to you."
NO_MESSAGE = "Message with this ID does not exist"
NO_CONTACT = "Contact with such mobile does not exist in this list."
RESELLERS = "You don't have access to this feature"

DESCRIPTIONS: Mapping[str, tuple[str, ...]] = {
    "AUTH_FAILED_NO_DATA": ("You have not provided auth data.",),
    "AUTH_FAILED": ("The auth data you have provided is invalid.",),
    "NOT_IMPLEMENTED": ("The method you are requesting is unsupported.",),
    "OVER_LIMIT": ("You have exceeded the request limit.",),
    "FIELD_EMPTY": ("Required field '{field}' is empty", "Field {field} is required"),
    "FIELD_INVALID": (
        INVALID,
        NOT_NUMERIC,
        NOT_LEASED,
        "You must provide either 'list_id' or 'to'",
        "This number is not available for lease.",
        "If you provide 'keyword', you must provide 'number'",
    ),
    "NO_ACCESS": (
        RESELLERS,
        "You do not have access to this 'message'",
        "You do not have access to this resource.",
    ),
    "KEY_EXISTS": (
        "User already exists",
        "Contact with such mobile already exists",
        "The resource with this key already exists.",
    ),
    "NOT_FOUND": (NO_MESSAGE, NO_CONTACT, "The resource with this key is not found."),
    "LEDGER_ERROR": ("Insufficient funds to carry out debit",),
    "BAD_CALLER_ID": ("The sender ID you have set is not valid or number is inactive or expired",),
    "LIST_EMPTY": ("The list you provided doesn't have active recipients.",),
    "ALREADY_SENT": ("This message is already sent or can not be cancelled",),
    "MISSING_PARAM": ("Field parameter is missing (eg. field_n)",),
    "BAD_MOBILE": ("The mobile provided is invalid",),
    "BAD_MOBILE_COUNTRY": ("The country of the mobile provided is unavailable",),
    "OPTOUT": ("The recipient provided was previously opted out",),
    "DUPLICATE_DELETED": ("The recipient provided was previously deleted",),
}
"""The descriptions of each code, the usual one first. RECIPIENTS_ERROR has an object instead (3.2)."""

METHODS_SAYING_REQUIRED = {
    "get-sms-delivery-status",
    "get-sms-sent-count",
    "get-contact-sms-stats",
    "get-message-report",
    "add-contacts-bulk",
    "add-contacts-bulk-progress",
}
"""Methods added after 2015. Their FIELD_EMPTY has the second description."""

MESSAGE_METHODS = ("get-sms", "get-sms-stats", "get-sms-sent", "get-sms-responses", "get-sms-delivery-status",
                "get-message-log", "get-link-hits", "cancel-sms")  # fmt: skip
MEMBER_METHODS = ("edit-list-member", "get-contact", "delete-from-list", "optout-list-member")
CLIENT_METHODS = ("add-client", "edit-client", "get-client", "get-clients", "get-transactions", "get-transaction")


def status_of(code: str) -> int:
    """Return the HTTP status of a code."""
    return 200 if code == "SUCCESS" else STATUS_OF_CODE.get(code, 400)


def is_documented(code: str, description: object) -> bool:
    """True if a description is documented for its code."""
    if not isinstance(description, str):
        return code == "RECIPIENTS_ERROR" and _lists_recipients(description)
    return any(_matches(description, pattern) for pattern in DESCRIPTIONS.get(code, ()))


def _lists_recipients(description: object) -> bool:
    """True if a description is that of RECIPIENTS_ERROR. XML has texts for numbers, and an empty text for no number."""
    if not isinstance(description, dict) or list(description)[:2] != ["fails", "optouts"]:
        return False
    fails, optouts = description["fails"] or [], description["optouts"] or []
    if not isinstance(fails, list) or not isinstance(optouts, list):
        return False
    numbers = all(isinstance(number, (int, str)) for number in [*fails, *optouts])
    reason = {"reason": "Number has opted-out"} if optouts else {}
    return numbers and {key: value for key, value in description.items() if key not in ("fails", "optouts")} == reason


def _matches(description: str, pattern: str) -> bool:
    before, has_field, after = pattern.partition("{field}")
    if not has_field:
        return description == pattern
    return description.startswith(before) and description.endswith(after) and len(description) > len(before + after)
