"""A call of every method that only reads, built from known things of the account."""

from collections.abc import Callable, Mapping
from typing import Any

from .scene import Known, days_ago, days_ahead

Form = dict[str, Any]


def message_form(known: Known) -> Form:
    """Name the known message."""
    return {"message_id": known.need("message")}


def reseller_form(known: Known) -> Form:
    """Return an empty form, for an account that has clients."""
    known.need("client")
    return {}


READS: Mapping[str, Callable[[Known], Form]] = {
    "format-number": lambda _: {"msisdn": "0491 570 156", "countrycode": "AU"},
    "get-sms": message_form,
    "get-sms-stats": message_form,
    "get-sms-sent": message_form,
    "get-sms-responses": lambda known: {**message_form(known), "include_original": "true"},
    "get-user-sms-responses": lambda _: {},
    "get-user-sms-sent": lambda _: {"start": days_ago(29), "end": days_ahead(1)},
    "get-sms-delivery-status": lambda known: {**message_form(known), "msisdn": known.need("handset")},
    "get-sms-sent-count": lambda _: {},
    "get-contact-sms-stats": lambda known: {"mobile": known.need("handset")},
    "get-message-report": lambda _: {"start": days_ago(29), "end": days_ahead(1)},
    "get-message-log": lambda known: {**message_form(known), "mobile": known.need("handset")},
    "get-link-hits": message_form,
    "get-list": lambda known: {"list_id": known.need("list")},
    "get-lists": lambda _: {},
    "get-contact": lambda known: {"list_id": known.need("list"), "msisdn": known.need("contact")},
    "add-contacts-bulk-progress": lambda known: {"list_id": known.need("imported")},
    "get-numbers": lambda _: {},
    "get-number": lambda known: {"number": known.need("number")},
    "get-sender-ids": lambda _: {},
    "get-keywords": lambda _: {},
    "get-balance": lambda _: {},
    "get-client": lambda known: {"client_id": known.need("client")},
    "get-clients": reseller_form,
    "get-transactions": lambda known: {"client_id": known.need("client")},
    "get-transaction": lambda known: {"id": known.need("transaction")},
}
