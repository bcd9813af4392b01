"""Calls that get every form of response a method has.

They are made in this order, in the tenant of `scenes`.
"""

from collections.abc import Callable

from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from tests.api.refusals import ANOTHER, CLOSED, HELLO, MINE, NEW, OPEN, Form, nothing
from tests.api.scenes import FILE, LAPSED_NUMBER, LATER, LINGERING, MAILER, STOPPED, TO, Scene

Case = tuple[str, Callable[[Scene], Form]]

SPAN = {"start": "2020-01-01", "end": LATER}
LONG_AGO = {"start": "2020-01-01", "end": "2020-01-02"}

SENDING: list[Case] = [
    ("send-sms", lambda _: {**HELLO, "to": TO}),
    ("send-sms", lambda at: {**HELLO, "list_id": at.crowd}),
    ("cancel-sms", lambda at: {"id": at.scheduled}),
    ("format-number", lambda _: {"msisdn": "0491570126", "countrycode": "AU"}),
    ("format-number", lambda _: {"msisdn": "12345", "countrycode": "AU"}),
]

REPORTS: list[Case] = [
    ("get-sms", lambda at: {"message_id": at.sent}),
    ("get-sms", lambda at: {"message_id": at.scheduled}),
    ("get-sms-stats", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.clicked}),
    ("get-sms-sent", lambda at: {"message_id": at.clicked, "list_id": at.rich}),
    ("get-sms-sent", lambda at: {"message_id": at.sent, "delivery": "pending"}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.sent, "msisdn": TO}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.scheduled, "msisdn": TO}),
    ("get-message-log", lambda at: {"message_id": at.sent, "mobile": TO}),
    ("get-message-log", lambda at: {"message_id": at.scheduled, "mobile": TO}),
    ("get-link-hits", lambda at: {"message_id": at.clicked}),
    ("get-link-hits", lambda at: {"message_id": at.sent}),
    ("get-link-hits", lambda at: {"message_id": at.scheduled}),
    ("get-sms-responses", lambda at: {"message_id": at.sent, "include_original": 1}),
    ("get-sms-responses", lambda at: {"message_id": at.scheduled}),
    ("get-sms-responses", lambda at: {"message_id": at.clicked}),
    ("get-sms-responses", lambda _: {**OPEN, "include_original": 1}),
    ("get-user-sms-responses", nothing),
    ("get-user-sms-responses", lambda _: {"include_original": "yes"}),
    ("get-user-sms-responses", lambda _: {"page": 9}),
    ("get-user-sms-sent", lambda _: SPAN),
    ("get-user-sms-sent", lambda _: {**SPAN, "msisdn": 1}),
    ("get-sms-sent-count", nothing),
    ("get-sms-sent-count", lambda _: LONG_AGO),
    ("get-contact-sms-stats", lambda _: {"mobile": TO}),
    ("get-contact-sms-stats", lambda _: {"mobile": TO, **LONG_AGO}),
    ("get-message-report", nothing),
    ("get-message-report", lambda at: {"list_id": at.rich}),
    ("get-message-report", lambda at: {"list_id": at.rich, "response_style": "array"}),
    ("get-message-report", lambda at: {"list_id": at.crowd}),
    ("get-message-report", lambda at: {"list_id": at.bare}),
    ("get-message-report", lambda _: {"start": LATER}),
    ("get-message-report", lambda _: LONG_AGO),
    ("message-reply", lambda _: {**HELLO, "from": TO, "to": OWN_NUMBER}),
]

LISTS: list[Case] = [
    ("add-list", lambda _: {"name": "a"}),
    ("add-list", lambda _: {"name": "b", "field_1": "Email"}),
    ("add-list", lambda _: {"name": "c", "field_1": "Email", "response_style": "array"}),
    ("add-to-list", lambda at: {"list_id": at.empty, "msisdn": TO}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570157", "field_1": "x"}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570155", "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "all"}),
    ("get-list", lambda at: {"list_id": at.rich}),
    ("get-list", lambda at: {"list_id": at.bare}),
    ("get-list", lambda at: {"list_id": at.automatic}),
    ("get-list", lambda at: {"list_id": at.rich, "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "none"}),
    ("get-lists", nothing),
    ("get-lists", lambda _: {"response_style": "array"}),
    ("get-lists", lambda _: {"page": 9}),
    ("set-list-callback", lambda at: {"list_id": at.crowd, "url": "https://a.example"}),
    ("set-list-callback", lambda at: {"list_id": at.crowd}),
    ("get-contact", lambda at: {"list_id": at.crowd, "msisdn": STOPPED}),
    ("get-contact", lambda at: {"list_id": at.rich, "msisdn": TO}),
    ("get-contact", lambda at: {"list_id": at.bare, "msisdn": TO}),
    ("get-contact", lambda at: {"list_id": at.rich, "msisdn": TO, "response_style": "array"}),
    ("edit-list-member", lambda at: {"list_id": at.crowd, "msisdn": TO, "last_name": "Last"}),
    ("edit-list-member", lambda at: {"list_id": at.bare, "msisdn": TO}),
    ("edit-list-member", lambda at: {"list_id": at.rich, "msisdn": TO, "field_post_code": "0800"}),
    ("edit-list-member", lambda at: {"list_id": at.rich, "msisdn": TO, "response_style": "array", "field_1": ""}),
    ("delete-from-list", lambda at: {"list_id": at.crowd, "msisdn": "61491570150"}),
    ("delete-from-list", lambda _: {"msisdn": "61491570157"}),
    ("optout-list-member", lambda at: {"list_id": at.crowd, "msisdn": LINGERING}),
    ("optout-list-member", lambda _: {"list_id": 0, "msisdn": "61491570155"}),
    ("add-field-to-list", lambda at: {"list_id": at.rich, "field_2": "Mail"}),
    ("add-field-to-list", lambda at: {"list_id": at.rich, **{f"field_{n}": f"Field {n}" for n in range(1, 11)}}),
    ("add-field-to-list", lambda at: {"list_id": at.rich, "field_2": "Street", "response_style": "array"}),
    ("add-contacts-bulk", lambda at: {"list_id": at.empty, "file_url": FILE, "field_1": "Email"}),
    ("add-contacts-bulk", lambda _: {"name": "of a file", "file_url": FILE, "countrycode": "AU"}),
    ("add-contacts-bulk-progress", lambda at: {"list_id": at.empty}),
    ("remove-list", lambda at: {"list_id": at.imported}),
    ("add-contacts-bulk-progress", lambda at: {"list_id": at.imported}),
]

RECEIVING: list[Case] = [
    ("lease-number", nothing),
    ("lease-number", lambda _: {"number": POOL[5], "url": "https://a.example"}),
    ("get-numbers", nothing),
    ("get-numbers", lambda _: {"filter": "available"}),
    ("get-numbers", lambda _: {"page": 9}),
    ("get-number", lambda _: MINE),
    ("get-number", lambda _: {"number": LAPSED_NUMBER}),
    ("edit-number-options", lambda _: MINE),
    ("edit-number-options", lambda at: {**MINE, "list_id": at.crowd, "welcome_message": ""}),
    ("get-sender-ids", nothing),
    ("add-keyword", lambda _: NEW),
    ("add-keyword", lambda _: {"keyword": "TOO", "number": OWN_NUMBER, "members_message": "hi", "activate": "no"}),
    ("edit-keyword", lambda at: {**NEW, "list_id": at.crowd, "reference": "007"}),
    ("edit-keyword", lambda _: {**CLOSED, "status": "open"}),
    ("get-keywords", nothing),
    ("get-keywords", lambda _: {"number": POOL[1]}),
    ("add-email", lambda _: {"email": "*@example.com", **MINE}),
    ("delete-email", lambda _: {"email": MAILER}),
]

MONEY: list[Case] = [
    ("get-balance", nothing),
    ("add-client", lambda _: ANOTHER),
    ("edit-client", lambda at: {"client_id": at.client, "sms_margin": "0.5"}),
    ("edit-client", lambda at: {"client_id": at.open_client, "number_margin": "2"}),
    ("get-client", lambda at: {"client_id": at.client}),
    ("get-client", lambda at: {"client_id": at.open_client}),
    ("get-clients", nothing),
    ("get-clients", lambda _: {"page": 9}),
    ("get-transactions", lambda at: {"client_id": at.client}),
    ("get-transactions", lambda at: {"client_id": at.account}),
    ("get-transaction", lambda at: {"id": at.transaction}),
]

ANSWERED: list[Case] = SENDING + REPORTS + LISTS + RECEIVING + MONEY

TO_CLIENTS: list[Case] = [
    ("get-lists", nothing),
    ("get-numbers", nothing),
    ("get-sender-ids", nothing),
    ("get-keywords", nothing),
    ("get-balance", nothing),
    ("get-message-report", nothing),
]
"""Calls of a reseller's client that has no data yet."""
