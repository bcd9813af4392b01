"""A handset: the texts it shows, and what its owner does."""

import re
from collections.abc import Sequence
from typing import Protocol

from ..client.errors import SandboxError
from ..control.shapes.messages import Inbound, Recipient
from ..domain.carrier import DELIVERED, PENDING
from ..domain.merge import SHORT_LINK
from ..domain.rule_match import to_international
from .event_loop import HasAsyncMethods

_SHOWN = (PENDING, DELIVERED)
"""Statuses of recipients whose text the handset shows."""

_LINK = re.compile(rf"\b{SHORT_LINK}\b", re.IGNORECASE)


class _Network(Protocol):
    """The sandbox of a tenant, as a handset uses it."""

    def recipients(self, *, msisdn: str, sent: bool) -> Sequence[Recipient]: ...

    def send_inbound(self, from_: str, text: str, to: str | int | None) -> Inbound: ...

    def open_link(self, link: str) -> str: ...


class Handset(HasAsyncMethods):
    """A phone of the tenant, by its number: in international form, or an Australian local number."""

    def __init__(self, sandbox: _Network, number: str) -> None:
        """Make a handset. Raises ValueError if `number` is no phone number."""
        self._sandbox = sandbox
        self.number = to_international(number)

    def __repr__(self) -> str:
        return f"<Handset {self.number}>"

    def inbox(self) -> list[str]:
        """Return the texts that the handset shows, oldest first.

        These are texts that were sent and did not bounce, even if they are not reported yet. Scheduled and cancelled
        messages are not shown.
        """
        return [recipient.text for recipient in self._shown()]

    def code(self) -> str:
        """Return the one-time code in the newest text that has one.

        Raises SandboxError if no text has a code.
        """
        for recipient in reversed(self._shown()):
            if recipient.codes:
                return recipient.codes[0]
        raise SandboxError(f"No text on handset {self.number} has a one-time code.")

    def links(self) -> list[str]:
        """Return the links in the newest text that has any, as they are written there. Empty if no text has one."""
        return next((recipient.links for recipient in reversed(self._shown()) if recipient.links), [])

    def reply(self, text: str, to: str | int | None = None) -> Inbound:
        """Send a text to the number that last wrote to the handset, or to `to`."""
        return self._sandbox.send_inbound(self.number, text, to)

    def tap_link(self) -> str:
        """Open the link in the newest text that has one. Return where it leads, "" for the page of an opt-out link.

        Raises SandboxError if no text has a link.
        """
        for text in reversed(self.inbox()):
            if link := _LINK.search(text):
                return self._sandbox.open_link(link[0])
        raise SandboxError(f"No text on handset {self.number} has a short link.")

    def _shown(self) -> list[Recipient]:
        """Return the recipients whose text the handset shows, oldest first."""
        recipients = self._sandbox.recipients(msisdn=self.number, sent=True)
        shown = [recipient for recipient in recipients if recipient.status in _SHOWN]
        return sorted(shown, key=lambda each: (each.sent_at, each.id))
