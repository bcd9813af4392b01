"""The shape of each method's success: the keys in their order, and the kind of each value.

The source is the reference of the imitated API; its section stands beside each shape. Nothing comes from the sandbox.

- `"int"`, `"money"`, `"moment"` and so on are kinds, defined in `shape_check.KINDS`. `|` separates alternatives.
- A tuple lists all possible words. A dict is an object; a key that ends in `?` may be missing.
- A list is an array of at least one item of that shape. An empty array is left out together with its key (2.3).
- `Named` is an object whose keys are names that users chose. `Either` is any of several shapes.

`error`, the last key of every answer (2.2), is not repeated here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = Any


@dataclass(frozen=True)
class Named:
    """An object with at least one entry. Its keys are names that users chose."""

    values: Shape


@dataclass(frozen=True)
class Either:
    """Any of these shapes."""

    shapes: tuple[Shape, ...]


PAGE = {"count": "int", "number": "int"}  # 2.6
PAIRS = [{"name": "text", "value": "text"}]  # response_style=array, 5.0
FIELDS_OF_LIST = Either(("none", Named("text"), PAIRS))  # 5.0
FIELDS_OF_CONTACT = Either((Named("text"), PAIRS))  # 5.0

COUNTS = {"delivered": "int", "pending": "int", "bounced": "int", "responses": "int", "optouts": "int"}
LIST_OF_MESSAGE = {"id": "int", "name": "text"}
SENT = {
    "message_id": "int", "send_at": "moment", "recipients": "int", "cost": "money", "sms": "int",
    "list?": LIST_OF_MESSAGE, "delivery_stats": COUNTS,
}  # fmt: skip
RESPONSES = {
    "page": PAGE,
    "total": "int",
    "responses?": [
        {
            "id": "int",
            "message_id": "int",
            "list_id": "int",
            "received_at": "moment",
            "first_name": "text|null",
            "last_name": "text|null",
            "msisdn": "int",
            "response": "text",
            "longcode": "int|null",
            "original_message?": "text|null",
        }
    ],
}
CONTACT = {
    "list_id": "int", "msisdn": "int", "first_name": "text|null", "last_name": "text|null", "created_at": "moment",
    "status": ("active", "inactive"), "fields?": FIELDS_OF_CONTACT,
}  # fmt: skip
NUMBER = {
    "number": "int", "price": "money", "auto_renew": "bool", "next_charge": "day|null",
    "status": ("active", "inactive"),
}  # fmt: skip
KEYWORD = {
    "keyword": "text", "reference": "text", "number": "int", "list_id": "int", "welcome_message": "text",
    "member_message": "text", "forward_url": "text", "forward_sms": "text", "forward_email": "text",
    "status": ("open", "closed"), "billing_date": "day",
}  # fmt: skip
CLIENT = {
    "id": "int", "name": "text", "contact": "text", "email": "text", "msisdn": "int", "currency": "word",
    "client_pays": "bool", "sms_margin": "money", "timezone": "text", "created": "moment", "apikey": "text",
    "apisecret": "text|null", "recharge_amount": "money", "total_lists": "int", "total_sms": "int",
    "total_contacts": "int", "total_spend": "money", "total_revenue": "money", "credit_based": "bool",
    "trial": ("yes", "no"), "trial_expiry_date": "day|null", "balance": "money",
}  # fmt: skip

SHAPES: Mapping[str, Shape] = {
    # 4: SMS and reports
    "send-sms": SENT,  # 4.1
    "cancel-sms": {"success": ("OK",)},  # 4.2, a word, not a boolean
    "format-number": {  # 4.3
        "number": {
            "countrycode": "int", "nationalnumber": "int", "national_leading_zeroes": "int", "rawinput": "null",
            "international": "int", "type": "int", "isValid": "bool",
        }
    },
    "get-sms": {  # 4.4
        "message_id": "int", "send_at": "moment", "recipients": "int", "cost": "money", "sms": "int",
        "message": "text", "list?": LIST_OF_MESSAGE, "delivery_stats": COUNTS,
    },
    "get-sms-stats": {  # 4.5
        "stats": {
            "hard_bounced": "int", "soft_bounced": "int", "total": "int", "recipientCount": "int", "delivered": "int",
            "pending": "int", "bounced": "int", "responses": "int", "opt-outs": "int", "link_hits": "int",
        }
    },
    "get-sms-sent": {  # 4.6
        "page": PAGE,
        "total": "int",
        "message": SENT,
        "recipients?": [
            {
                "msisdn": "int", "first_name": "text|null", "last_name": "text|null",
                "delivery_status": ("pending", "delivered", "soft-bounce", "hard-bounce"), "optout": "bool",
                "fields?": FIELDS_OF_CONTACT,
            }
        ],
    },
    "get-sms-responses": RESPONSES,  # 4.7
    "get-user-sms-responses": RESPONSES,  # 4.8
    "get-user-sms-sent": {  # 4.9
        "page": PAGE,
        "total": "int",
        "messages?": [
            {
                "id": "int", "message_id": "int", "message": "text", "sent_at": "moment", "msisdn": "int",
                "caller_id": "text", "status": ("delivered", "pending", "soft-bounce", "hard-bounce"),
            }
        ],
    },
    "get-sms-delivery-status": {  # 4.10
        "stats": {
            "message_id": "int", "sender_id": "text", "mobile": "int", "send_at": "moment",
            "datetime": "minute|null", "status": ("delivered", "failed", "pending"), "message": "text",
        }
    },
    "get-sms-sent-count": {"count": "int"},  # 4.11
    "get-contact-sms-stats": {  # 4.12
        "page": PAGE,
        "total": "int",
        "records?": [
            {
                "message_id": "int", "datetime_send": "moment",
                "delivery_status": ("hard-bounce", "soft-bounce", "delivered", "pending"),
            }
        ],
    },
    "get-message-report": {  # 4.13
        "page": PAGE,
        "messages_total": "int",
        "sms_total": "int",
        "messages?": [
            {
                "type": ("api", "campaign", "quick_sms", "email_sms", "keyword", "test_sms"), "id": "int",
                "sms": "int", "cost": "money", "sent_at": "moment",
                "status": ("completed", "user cancelled", "scheduled"), "message": "text", "pending": "int",
                "delivered": "int", "soft_bounced": "int", "hard_bounced": "int", "optouts": "int",
                "responses": "int", "msisdn?": "int", "first_name?": "text|null", "last_name?": "text|null",
                "fields?": FIELDS_OF_CONTACT,
            }
        ],
    },
    "get-message-log": {  # 4.14
        "message_id": "int", "message": "text", "mobile": "int", "caller_id": "text", "datetime_send": "moment",
    },
    "message-reply": {"result": ("SYSTEM: Message response handled\n",)},  # 4.15
    "get-link-hits": {  # 4.16, not documented anywhere
        "page": PAGE,
        "total": "int",
        "link_hits?": [
            {
                "msisdn": "int", "first_name": "text|null", "last_name": "text|null", "link_hits": "int",
                "datetime": "moment",
            }
        ],
    },
    # 5: contacts and lists
    "add-list": {  # 5.1
        "id": "int", "name": "text", "created": "moment", "members_active": "int", "fields": FIELDS_OF_LIST,
    },
    "add-field-to-list": {  # 5.2
        **{f"custom_{slot}?": "text" for slot in range(1, 11)}, "fields?": PAIRS, "id": "int",
    },
    "remove-list": {},  # 5.3
    "get-list": {  # 5.4
        "page": PAGE, "members_total": "int", "id": "int", "name": "text", "created": "moment|null",
        "members_active": "int", "fields": FIELDS_OF_LIST, "members?": [CONTACT],
    },
    "get-lists": {  # 5.5
        "page": PAGE,
        "lists_total": "int",
        "lists?": [
            {
                "id": "int", "name": "text", "created": "moment|null", "members_active": "int",
                "fields": FIELDS_OF_LIST, "members_total": "int",
            }
        ],
    },
    "set-list-callback": {},  # 5.13, nowhere documented
    "add-to-list": CONTACT,  # 5.6
    "edit-list-member": CONTACT,  # 5.7
    "delete-from-list": {"list_ids": ["int"]},  # 5.8
    "optout-list-member": {"list_ids": ["int"]},  # 5.9
    "get-contact": CONTACT,  # 5.10
    "add-contacts-bulk": {"list_id": "int"},  # 5.11
    "add-contacts-bulk-progress": {  # 5.12
        "list_id": "int", "status": ("in progress", "completed", "failed"), "importlength": "int",
        "completed": "int", "duplicates": "int", "skipped": "int", "optout": "int", "imported": "int",
    },
    # 6: numbers, keywords, e-mail to SMS, account
    "lease-number": {  # 6.1
        "number": "int", "price": "money", "next_charge": "day", "auto_renew": "bool", "status": ("active",),
    },
    "get-numbers": {  # 6.2, owned numbers in full, available ones with their price only
        "page": PAGE, "numbers_total": "int", "filter": "text",
        "numbers?": [Either((NUMBER, {"number": "int", "price": "money"}))],
    },
    "get-number": NUMBER,  # 6.3
    "edit-number-options": {},  # 6.4
    "get-sender-ids": {"result": {"caller_ids": {  # 6.5, as two applications read it
        "Virtual Number": Either((["int"], "none")), "Business Name": Either((["word"], "none")),
        "Mobile Number": Either((["int"], "none")),
    }}},
    "add-keyword": KEYWORD,  # 6.6
    "edit-keyword": KEYWORD,  # 6.7
    "get-keywords": {"page": PAGE, "keywords_total": "int", "keywords?": [KEYWORD]},  # 6.8
    "add-email": {"success": "true"},  # 6.9, a boolean here
    "delete-email": {"success": "true"},  # 6.10
    "get-balance": {"balance": "money", "currency": "word"},  # 6.11
    # 7: resellers
    "add-client": CLIENT,  # 7.2
    "edit-client": CLIENT,  # 7.3
    "get-client": CLIENT,  # 7.4
    "get-clients": {"page": PAGE, "clients_total": "int", "clients?": [CLIENT]},  # 7.5
    "get-transactions": {  # 7.6
        "page": PAGE,
        "transactions_total": "int",
        "transactions?": [
            {
                "id": "int", "user_id": "int", "description": "text", "amount": "money",
                "balance_standing": "standing", "created": "moment", "type_description": "text", "type_id": "int",
            }
        ],
    },
    "get-transaction": {  # 7.7, here the standing is a number
        "id": "int", "user_id": "int", "description": "text", "amount": "money", "balance_standing": "money",
        "created": "moment", "message_id": "int", "type_description": "text", "type_id": "int",
    },
}  # fmt: skip

NOT_IMPLEMENTED = ("add-credit", "add-card")
"""Methods that answer NOT_IMPLEMENTED, because nothing is known about their success (7.8)."""

METHODS = (*SHAPES, *NOT_IMPLEMENTED)
"""All methods (13)."""

PAGED: Mapping[str, tuple[str, str]] = {
    "get-lists": ("lists_total", "lists"),
    "get-list": ("members_total", "members"),
    "get-numbers": ("numbers_total", "numbers"),
    "get-keywords": ("keywords_total", "keywords"),
    "get-clients": ("clients_total", "clients"),
    "get-transactions": ("transactions_total", "transactions"),
    "get-message-report": ("messages_total", "messages"),
    "get-sms-responses": ("total", "responses"),
    "get-user-sms-responses": ("total", "responses"),
    "get-sms-sent": ("total", "recipients"),
    "get-user-sms-sent": ("total", "messages"),
    "get-contact-sms-stats": ("total", "records"),
    "get-link-hits": ("total", "link_hits"),
}
"""Methods with pages: the keys of their total and of their items (2.6)."""
