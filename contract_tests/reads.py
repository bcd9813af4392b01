"""A call for every method that only reads, made of what is known of the account."""

from collections.abc import Callable, Mapping
from typing import Any

from .scene import Known, since, until

Form = dict[str, Any]


def of_the_message(known: Known) -> Form:
    """By the message alone."""
    return {"message_id": known.need("message")}


def of_a_reseller(known: Known) -> Form:
    """Nothing, from an account that has clients."""
    known.need("client")
    return {}


READS: Mapping[str, Callable[[Known], Form]] = {
    "format-number": lambda _: {"msisdn": "0491 570 156", "countrycode": "AU"},
    "get-sms": of_the_message,
    "get-sms-stats": of_the_message,
    "get-sms-sent": of_the_message,
    "get-sms-responses": lambda known: {**of_the_message(known), "include_original": "true"},
    "get-user-sms-responses": lambda _: {},
    "get-user-sms-sent": lambda _: {"start": since(29), "end": until(1)},
    "get-sms-delivery-status": lambda known: {**of_the_message(known), "msisdn": known.need("handset")},
    "get-sms-sent-count": lambda _: {},
    "get-contact-sms-stats": lambda known: {"mobile": known.need("handset")},
    "get-message-report": lambda _: {"start": since(29), "end": until(1)},
    "get-message-log": lambda known: {**of_the_message(known), "mobile": known.need("handset")},
    "get-link-hits": of_the_message,
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
    "get-clients": of_a_reseller,
    "get-transactions": lambda known: {"client_id": known.need("client")},
    "get-transaction": lambda known: {"id": known.need("transaction")},
}
