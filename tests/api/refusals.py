"""Calls that get every error of each method, in the tenant of `scenes` without money."""

from collections.abc import Callable, Mapping
from typing import Any

from sms_sandbox.api.errors import Code
from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from tests.api.clients import CLUB, GYM
from tests.api.scenes import DELETED, FILE, STOPPED, TO, Scene

Form = Mapping[str, Any]
Refused = dict[tuple[str, Code], Callable[[Scene], Form | None]]

HELLO = {"message": "hi"}
CLOSED = {"keyword": "CLOSED", "number": OWN_NUMBER}
OPEN = {"keyword": "OPEN", "number": OWN_NUMBER}
NEW = {"keyword": "NEW", "number": OWN_NUMBER}
MINE = {"number": OWN_NUMBER}
ANOTHER = {**GYM, "name": "Another", "email": "another@example.com"}


def nothing(_: Scene) -> Form:
    """Return a form without parameters."""
    return {}


def unreadable(_: Scene) -> None:
    """Return None, for a body that does not match its content type.

    It is the only error of a method without parameters.
    """


SENDING: Refused = {
    ("send-sms", Code.FIELD_EMPTY): lambda _: {"to": TO},
    ("send-sms", Code.FIELD_INVALID): lambda _: HELLO,
    ("send-sms", Code.NOT_FOUND): lambda _: {**HELLO, "list_id": 1},
    ("send-sms", Code.NO_ACCESS): lambda at: {**HELLO, "list_id": at.foreign_list},
    ("send-sms", Code.BAD_CALLER_ID): lambda _: {**HELLO, "to": TO, "from": "BadCallerId"},
    ("send-sms", Code.LIST_EMPTY): lambda at: {**HELLO, "list_id": at.empty},
    ("send-sms", Code.RECIPIENTS_ERROR): lambda _: {**HELLO, "to": STOPPED},
    ("send-sms", Code.LEDGER_ERROR): lambda _: {**HELLO, "to": TO},
    ("cancel-sms", Code.FIELD_EMPTY): nothing,
    ("cancel-sms", Code.FIELD_INVALID): lambda _: {"id": "x"},
    ("cancel-sms", Code.NOT_FOUND): lambda _: {"id": 1},
    ("cancel-sms", Code.NO_ACCESS): lambda at: {"id": at.foreign},
    ("cancel-sms", Code.ALREADY_SENT): lambda at: {"id": at.sent},
    ("format-number", Code.FIELD_EMPTY): nothing,
    ("format-number", Code.FIELD_INVALID): lambda _: {"msisdn": "x", "countrycode": "AU"},
}

OF_A_MESSAGE = (
    "get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status", "get-message-log", "get-link-hits",
    "get-sms-responses",
)  # fmt: skip
REPORTS: Refused = {
    ("get-user-sms-responses", Code.FIELD_INVALID): lambda _: {"start": "x"},
    ("get-user-sms-sent", Code.FIELD_EMPTY): nothing,
    ("get-user-sms-sent", Code.FIELD_INVALID): lambda _: {"start": "x", "end": "y"},
    ("get-sms-sent-count", Code.FIELD_INVALID): lambda _: {"start": "2020-01-01", "end": "2020-02-01"},
    ("get-contact-sms-stats", Code.FIELD_EMPTY): nothing,
    ("get-contact-sms-stats", Code.FIELD_INVALID): lambda _: {"mobile": "x"},
    ("get-message-report", Code.FIELD_INVALID): lambda _: {"type": "x"},
    ("get-message-report", Code.NOT_FOUND): lambda _: {"list_id": 1},
    ("get-message-report", Code.NO_ACCESS): lambda at: {"list_id": at.foreign_list},
    ("message-reply", Code.FIELD_EMPTY): lambda _: {"from": TO, "to": OWN_NUMBER},
    ("message-reply", Code.FIELD_INVALID): lambda _: {**HELLO, "from": "x", "to": OWN_NUMBER},
}
for name in OF_A_MESSAGE:
    REPORTS |= {
        (name, Code.FIELD_EMPTY): lambda _: {"msisdn": TO, "mobile": TO},
        (name, Code.FIELD_INVALID): lambda _: {"message_id": "x", "msisdn": TO, "mobile": TO},
        (name, Code.NOT_FOUND): lambda _: {"message_id": 1, "msisdn": TO, "mobile": TO},
        (name, Code.NO_ACCESS): lambda at: {"message_id": at.foreign, "msisdn": TO, "mobile": TO},
    }

OF_A_CONTACT = ("add-to-list", "edit-list-member", "delete-from-list", "optout-list-member", "get-contact")
OF_A_LIST = (
    "get-list", "remove-list", "add-field-to-list", "set-list-callback", "add-contacts-bulk",
    "add-contacts-bulk-progress",
)  # fmt: skip
LISTS: Refused = {
    ("add-list", Code.FIELD_EMPTY): nothing,
    ("add-list", Code.FIELD_INVALID): lambda _: {"name": "x" * 300},
    ("add-list", Code.KEY_EXISTS): lambda _: {"name": "crowd"},
    ("get-lists", Code.FIELD_INVALID): lambda _: {"response_style": "\x00"},
    ("add-field-to-list", Code.MISSING_PARAM): lambda at: {"list_id": at.crowd},
    ("add-contacts-bulk", Code.KEY_EXISTS): lambda _: {"file_url": FILE, "name": "crowd"},
    ("add-to-list", Code.KEY_EXISTS): lambda at: {"list_id": at.crowd, "msisdn": TO},
}
for name in (*OF_A_CONTACT, *OF_A_LIST):
    LISTS |= {
        (name, Code.FIELD_EMPTY): lambda _: {"file_url": FILE},
        (name, Code.FIELD_INVALID): lambda _: {"list_id": "x", "msisdn": TO, "file_url": FILE, "field_1": "a"},
        (name, Code.NOT_FOUND): lambda _: {"list_id": 1, "msisdn": TO, "file_url": FILE, "field_1": "a"},
        (name, Code.NO_ACCESS): lambda at: {
            "list_id": at.foreign_list, "msisdn": TO, "file_url": FILE, "field_1": "a",
        },
    }  # fmt: skip
for name in ("add-to-list", "edit-list-member"):
    LISTS |= {
        (name, Code.BAD_MOBILE): lambda at: {"list_id": at.crowd, "msisdn": "x"},
        (name, Code.BAD_MOBILE_COUNTRY): lambda at: {"list_id": at.crowd, "msisdn": TO, "countrycode": "x"},
        (name, Code.OPTOUT): lambda at: {"list_id": at.crowd, "msisdn": STOPPED},
        (name, Code.DUPLICATE_DELETED): lambda at: {"list_id": at.crowd, "msisdn": DELETED},
    }

RECEIVING: Refused = {
    ("lease-number", Code.FIELD_INVALID): lambda _: MINE,
    ("lease-number", Code.LEDGER_ERROR): nothing,
    ("get-numbers", Code.FIELD_INVALID): lambda _: {"filter": "x" * 300},
    ("get-number", Code.FIELD_EMPTY): nothing,
    ("get-number", Code.FIELD_INVALID): lambda _: {"number": POOL[1]},
    ("edit-number-options", Code.FIELD_EMPTY): nothing,
    ("edit-number-options", Code.FIELD_INVALID): lambda _: {"number": POOL[1]},
    ("edit-number-options", Code.NOT_FOUND): lambda _: {**MINE, "list_id": 1},
    ("edit-number-options", Code.NO_ACCESS): lambda at: {**MINE, "list_id": at.foreign_list},
    ("get-sender-ids", Code.FIELD_INVALID): unreadable,
    ("add-keyword", Code.FIELD_EMPTY): nothing,
    ("add-keyword", Code.FIELD_INVALID): lambda _: {**NEW, "keyword": "STOP"},
    ("add-keyword", Code.KEY_EXISTS): lambda _: CLOSED,
    ("add-keyword", Code.NOT_FOUND): lambda _: {**NEW, "list_id": 1},
    ("add-keyword", Code.NO_ACCESS): lambda at: {**NEW, "list_id": at.foreign_list},
    ("add-keyword", Code.LEDGER_ERROR): lambda _: NEW,
    ("edit-keyword", Code.FIELD_EMPTY): nothing,
    ("edit-keyword", Code.FIELD_INVALID): lambda _: {**CLOSED, "number": POOL[1]},
    ("edit-keyword", Code.NOT_FOUND): lambda _: NEW,
    ("edit-keyword", Code.NO_ACCESS): lambda at: {**CLOSED, "list_id": at.foreign_list},
    ("edit-keyword", Code.LEDGER_ERROR): lambda _: {**CLOSED, "status": "open"},
    ("get-keywords", Code.FIELD_INVALID): lambda _: {"number": "x"},
    ("add-email", Code.FIELD_EMPTY): nothing,
    ("add-email", Code.FIELD_INVALID): lambda _: {"email": "x"},
    ("delete-email", Code.FIELD_EMPTY): nothing,
    ("delete-email", Code.FIELD_INVALID): lambda _: {"email": "x"},
    ("delete-email", Code.NOT_FOUND): lambda _: {"email": "nobody@example.com"},
}

MONEY: Refused = {
    ("get-balance", Code.FIELD_INVALID): unreadable,
    ("add-client", Code.FIELD_EMPTY): nothing,
    ("add-client", Code.FIELD_INVALID): lambda _: {**ANOTHER, "email": "x"},
    ("add-client", Code.KEY_EXISTS): lambda _: GYM,
    ("edit-client", Code.KEY_EXISTS): lambda at: {"client_id": at.client, "name": CLUB["name"]},
    ("get-clients", Code.FIELD_INVALID): unreadable,
    ("get-transaction", Code.NO_ACCESS): lambda at: {"id": at.foreign_transaction},
    ("add-credit", Code.FIELD_INVALID): unreadable,
    ("add-credit", Code.NOT_IMPLEMENTED): nothing,
    ("add-card", Code.FIELD_INVALID): unreadable,
    ("add-card", Code.NOT_IMPLEMENTED): nothing,
}
for name in ("edit-client", "get-client", "get-transactions", "get-transaction"):
    MONEY |= {
        (name, Code.FIELD_EMPTY): nothing,
        (name, Code.FIELD_INVALID): lambda _: {"client_id": "x", "id": "x"},
        (name, Code.NOT_FOUND): lambda _: {"client_id": 1, "id": 1},
    }
    MONEY.setdefault((name, Code.NO_ACCESS), lambda at: {"client_id": at.foreign_account})

REFUSED: Refused = SENDING | REPORTS | LISTS | RECEIVING | MONEY

TO_CLIENTS: Refused = {
    ("add-client", Code.NO_ACCESS): lambda _: ANOTHER,
    ("get-clients", Code.NO_ACCESS): nothing,
}
"""Refused to a reseller's client only."""
