"""The calls shown in docs/methods.md, in their order; later calls use the results of earlier ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """A span of time that passes between two calls."""

    seconds: float


Step = Pause | tuple[str, Mapping[str, str]]

_MESSAGE = "340000001"
_LIST = "4200001"
_HANDSET = "61491570156"

EXAMPLES: Sequence[Step] = (
    ("get-balance", {}),
    ("format-number", {"msisdn": "0491 570 156", "countrycode": "AU"}),
    ("send-sms", {"message": "Your parcel is here", "to": "0491570156,0491570157", "countrycode": "AU"}),
    Pause(2),
    ("get-sms", {"message_id": _MESSAGE}),
    ("get-sms-stats", {"message_id": _MESSAGE}),
    ("get-sms-sent", {"message_id": _MESSAGE, "delivery": "delivered"}),
    ("get-sms-delivery-status", {"message_id": _MESSAGE, "msisdn": _HANDSET}),
    ("message-reply", {"message": "Thanks", "from": _HANDSET, "to": "61491570112"}),
    Pause(1),
    ("get-sms-responses", {"message_id": _MESSAGE, "include_original": "1"}),
    ("get-user-sms-responses", {"start": "2030-01-01"}),
    ("get-user-sms-sent", {"start": "2030-01-01", "end": "2030-01-02", "msisdn": _HANDSET}),
    ("get-sms-sent-count", {}),
    ("get-contact-sms-stats", {"mobile": _HANDSET}),
    ("get-message-report", {"type": "api"}),
    ("get-message-log", {"message_id": _MESSAGE, "mobile": _HANDSET}),
    ("get-link-hits", {"message_id": _MESSAGE}),
    ("send-sms", {"message": "Later", "to": _HANDSET, "send_at": "2030-01-02 09:00:00"}),
    ("cancel-sms", {"id": "340000002"}),
    ("add-list", {"name": "Newsletter", "field_1": "City", "field_2": "Postcode"}),
    ("add-field-to-list", {"list_id": _LIST, "field_3": "Size"}),
    (
        "add-to-list",
        {"list_id": _LIST, "msisdn": _HANDSET, "first_name": "A.", "field_city": "Perth", "field_2": "6000"},
    ),
    ("add-to-list", {"list_id": _LIST, "msisdn": "61491570157"}),
    ("edit-list-member", {"list_id": _LIST, "msisdn": _HANDSET, "field_size": "L"}),
    ("get-contact", {"list_id": _LIST, "msisdn": _HANDSET}),
    ("get-list", {"list_id": _LIST}),
    ("get-lists", {}),
    ("set-list-callback", {"list_id": _LIST, "url": "http://localhost:9000/list"}),
    ("set-list-callback", {"list_id": _LIST}),
    ("add-contacts-bulk", {"list_id": _LIST, "file_url": "http://localhost/contacts.csv"}),
    ("add-contacts-bulk-progress", {"list_id": _LIST}),
    ("optout-list-member", {"list_id": _LIST, "msisdn": _HANDSET}),
    ("delete-from-list", {"msisdn": "61491570157"}),
    ("remove-list", {"list_id": _LIST}),
    ("lease-number", {"number": "61491570120"}),
    ("get-numbers", {"filter": "owned"}),
    ("get-number", {"number": "61491570120"}),
    ("edit-number-options", {"number": "61491570120", "forward_sms": _HANDSET}),
    ("get-sender-ids", {}),
    ("add-keyword", {"keyword": "News", "number": "61491570120", "welcome_message": "Welcome"}),
    ("edit-keyword", {"keyword": "News", "number": "61491570120", "status": "closed"}),
    ("get-keywords", {"number": "61491570120"}),
    ("add-email", {"email": "*@example.com", "max_sms": "2"}),
    ("delete-email", {"email": "*@example.com"}),
    ("add-client", {"name": "Example Gym", "email": "owner@example.com", "password": "example", "msisdn": _HANDSET}),
    ("edit-client", {"client_id": "54912", "sms_margin": "2"}),
    ("get-client", {"client_id": "54912"}),
    ("get-clients", {}),
    ("get-transactions", {"client_id": "54911"}),
    ("get-transaction", {"id": "17400001"}),
    ("add-credit", {"amount": "5", "creditcard_id": "1"}),
    ("add-card", {"name": "Example"}),
)
