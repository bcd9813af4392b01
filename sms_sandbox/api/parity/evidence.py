"""The evidence for each method: what its imitation follows, by aspect.

A mark is L for live answers of 2026 in the log of an app, R for live recordings of 2015, D for documentation with
examples of 2020, C for the code of clients, and A for an assumption.
"""

from collections.abc import Mapping
from typing import NamedTuple

MEANINGS: Mapping[str, str] = {
    "L": "logged from the live service in 2026",
    "R": "recorded from the live service in 2015",
    "D": "documented by the vendor, with examples of 2020",
    "C": "seen in the code of clients",
    "A": "assumed",
}
"""Meaning of each mark, the strongest first."""


class Evidence(NamedTuple):
    """The marks of each aspect, the strongest first. Each of several marks covers a part of the aspect."""

    parameters: str
    reply: str
    xml: str
    """Details of the XML that the rules for all methods leave open."""
    refusals: str
    """Errors of the method itself; those that any call can get are documented."""

    @property
    def marks(self) -> str:
        """Marks of the method as a whole: of its parameters and its response."""
        return "".join(mark for mark in MEANINGS if mark in self.parameters + self.reply)


EVIDENCE: Mapping[str, Evidence] = {
    "send-sms": Evidence("RDC", "RD", "D", "LRDCA"),
    "cancel-sms": Evidence("RDC", "D", "D", "RA"),
    "format-number": Evidence("RD", "RD", "A", "RA"),
    "get-sms": Evidence("RD", "RD", "D", "RD"),
    "get-sms-stats": Evidence("D", "D", "D", "DA"),
    "get-sms-sent": Evidence("RDC", "RDA", "D", "DA"),
    "get-sms-responses": Evidence("RD", "RD", "D", "DA"),
    "get-user-sms-responses": Evidence("DC", "RD", "D", "A"),
    "get-user-sms-sent": Evidence("DC", "D", "A", "A"),
    "get-sms-delivery-status": Evidence("DC", "D", "D", "CA"),
    "get-sms-sent-count": Evidence("D", "D", "A", "A"),
    "get-contact-sms-stats": Evidence("DC", "DC", "A", "A"),
    "get-message-report": Evidence("D", "DCA", "A", "A"),
    "get-message-log": Evidence("R", "R", "A", "A"),
    "message-reply": Evidence("R", "R", "A", "A"),
    "get-link-hits": Evidence("C", "A", "A", "A"),
    "add-list": Evidence("RD", "RD", "D", "DC"),
    "add-field-to-list": Evidence("D", "D", "D", "DA"),
    "remove-list": Evidence("RD", "RD", "D", "A"),
    "get-list": Evidence("RDC", "RD", "D", "A"),
    "get-lists": Evidence("RD", "RD", "D", "A"),
    "add-to-list": Evidence("RDC", "RD", "D", "DA"),
    "edit-list-member": Evidence("RDA", "RD", "D", "DA"),
    "delete-from-list": Evidence("RD", "RD", "D", "DA"),
    "optout-list-member": Evidence("RD", "RD", "D", "DA"),
    "get-contact": Evidence("D", "D", "A", "A"),
    "add-contacts-bulk": Evidence("D", "D", "D", "A"),
    "add-contacts-bulk-progress": Evidence("D", "DC", "D", "A"),
    "lease-number": Evidence("RDC", "D", "A", "RA"),
    "get-numbers": Evidence("RDC", "RD", "D", "A"),
    "get-number": Evidence("RD", "RD", "D", "D"),
    "edit-number-options": Evidence("DA", "D", "D", "A"),
    "get-sender-ids": Evidence("C", "CA", "A", "A"),
    "add-keyword": Evidence("RD", "RD", "D", "DA"),
    "edit-keyword": Evidence("RDC", "RD", "D", "A"),
    "get-keywords": Evidence("RD", "RD", "D", "A"),
    "add-email": Evidence("RD", "RD", "D", "A"),
    "delete-email": Evidence("RD", "RD", "D", "A"),
    "get-balance": Evidence("RD", "RD", "D", "A"),
    "add-client": Evidence("RC", "C", "A", "RA"),
    "edit-client": Evidence("RCA", "C", "A", "A"),
    "get-client": Evidence("R", "R", "A", "A"),
    "get-clients": Evidence("R", "R", "A", "A"),
    "get-transactions": Evidence("RC", "R", "A", "A"),
    "get-transaction": Evidence("R", "R", "A", "A"),
    "add-credit": Evidence("C", "A", "A", "A"),
    "add-card": Evidence("C", "A", "A", "A"),
    "set-list-callback": Evidence("C", "A", "A", "A"),
}
"""Evidence for each of the 48 methods, in the order of the provider's chapters.

No chapter names set-list-callback, so it is last.
"""
