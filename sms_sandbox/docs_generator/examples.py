"""The calls that docs/methods.md shows, in the order they are made: later ones use what earlier ones left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pause:
    """Let so much time pass."""

    seconds: float


Step = Pause | tuple[str, Mapping[str, str]]

MESSAGE = "340000001"
LIST = "4200001"
HANDSET = "61491570156"

EXAMPLES: Sequence[Step] = (
    ("get-balance", {}),
    ("format-number", {"msisdn": "0491 570 156", "countrycode": "AU"}),
    ("send-sms", {"message": "Your parcel is here", "to": "0491570156,0491570157", "countrycode": "AU"}),
    Pause(2),
    ("get-sms", {"message_id": MESSAGE}),
    ("get-sms-stats", {"message_id": MESSAGE}),
    ("get-sms-sent", {"message_id": MESSAGE, "delivery": "delivered"}),
    ("get-sms-delivery-status", {"message_id": MESSAGE, "msisdn": HANDSET}),
    ("message-reply", {"message": "Thanks", "from": HANDSET, "to": "61491570112"}),
    Pause(1),
    ("get-sms-responses", {"message_id": MESSAGE, "include_original": "1"}),
    ("get-user-sms-responses", {"start": "2030-01-01"}),
    ("get-user-sms-sent", {"start": "2030-01-01", "end": "2030-01-02", "msisdn": HANDSET}),
    ("get-sms-sent-count", {}),
    ("get-contact-sms-stats", {"mobile": HANDSET}),
    ("get-message-report", {"type": "api"}),
    ("get-message-log", {"message_id": MESSAGE, "mobile": HANDSET}),
    ("get-link-hits", {"message_id": MESSAGE}),
    ("send-sms", {"message": "Later", "to": HANDSET, "send_at": "2030-01-02 09:00:00"}),
    ("cancel-sms", {"id": "340000002"}),
    ("add-list", {"name": "Newsletter", "field_1": "City", "field_2": "Postcode"}),
    ("add-field-to-list", {"list_id": LIST, "field_3": "Size"}),
    (
        "add-to-list",
        {"list_id": LIST, "msisdn": HANDSET, "first_name": "A.", "field_city": "Perth", "field_2": "6000"},
    ),
    ("add-to-list", {"list_id": LIST, "msisdn": "61491570157"}),
    ("edit-list-member", {"list_id": LIST, "msisdn": HANDSET, "field_size": "L"}),
    ("get-contact", {"list_id": LIST, "msisdn": HANDSET}),
    ("get-list", {"list_id": LIST}),
    ("get-lists", {}),
    ("set-list-callback", {"list_id": LIST, "url": "http://localhost:9000/list"}),
    ("set-list-callback", {"list_id": LIST}),
    ("add-contacts-bulk", {"list_id": LIST, "file_url": "http://localhost/contacts.csv"}),
    ("add-contacts-bulk-progress", {"list_id": LIST}),
    ("optout-list-member", {"list_id": LIST, "msisdn": HANDSET}),
    ("delete-from-list", {"msisdn": "61491570157"}),
    ("remove-list", {"list_id": LIST}),
    ("lease-number", {"number": "61491570120"}),
    ("get-numbers", {"filter": "owned"}),
    ("get-number", {"number": "61491570120"}),
    ("edit-number-options", {"number": "61491570120", "forward_sms": HANDSET}),
    ("get-sender-ids", {}),
    ("add-keyword", {"keyword": "News", "number": "61491570120", "welcome_message": "Welcome"}),
    ("edit-keyword", {"keyword": "News", "number": "61491570120", "status": "closed"}),
    ("get-keywords", {"number": "61491570120"}),
    ("add-email", {"email": "*@example.com", "max_sms": "2"}),
    ("delete-email", {"email": "*@example.com"}),
    ("add-client", {"name": "Example Gym", "email": "owner@example.com", "password": "example", "msisdn": HANDSET}),
    ("edit-client", {"client_id": "54912", "sms_margin": "2"}),
    ("get-client", {"client_id": "54912"}),
    ("get-clients", {}),
    ("get-transactions", {"client_id": "54911"}),
    ("get-transaction", {"id": "17400001"}),
    ("add-credit", {"amount": "5", "creditcard_id": "1"}),
    ("add-card", {"name": "Example"}),
)
