"""What stands behind each method: live recordings of 2015 (R), documentation with examples of 2020 (D), clients (C).

Where there is nothing but an assumption the table says A.
"""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "R": "recorded from the live service in 2015",
    "D": "documented by the vendor, with examples of 2020",
    "C": "seen in the code of clients",
    "A": "assumed",
}

MARKS: Mapping[str, str] = {
    "send-sms": "RD",
    "cancel-sms": "RD",
    "format-number": "RD",
    "get-sms": "RD",
    "get-sms-stats": "D",
    "get-sms-sent": "RD",
    "get-sms-responses": "RD",
    "get-user-sms-responses": "RD",
    "get-user-sms-sent": "D",
    "get-sms-delivery-status": "DC",
    "get-sms-sent-count": "D",
    "get-contact-sms-stats": "D",
    "get-message-report": "D",
    "get-message-log": "R",
    "message-reply": "R",
    "get-link-hits": "C",
    "add-list": "RD",
    "add-field-to-list": "D",
    "remove-list": "RD",
    "get-list": "RD",
    "get-lists": "RD",
    "add-to-list": "RD",
    "edit-list-member": "RD",
    "delete-from-list": "RD",
    "optout-list-member": "RD",
    "get-contact": "D",
    "add-contacts-bulk": "D",
    "add-contacts-bulk-progress": "DC",
    "lease-number": "RD",
    "get-numbers": "RD",
    "get-number": "RD",
    "edit-number-options": "D",
    "get-sender-ids": "C",
    "add-keyword": "RD",
    "edit-keyword": "RD",
    "get-keywords": "RD",
    "add-email": "RD",
    "delete-email": "RD",
    "get-balance": "RD",
    "add-client": "RC",
    "edit-client": "RC",
    "get-client": "R",
    "get-clients": "R",
    "get-transactions": "R",
    "get-transaction": "R",
    "add-credit": "C",
    "add-card": "C",
}
"""By method, in the order of the provider's chapters. All 47 there are."""
