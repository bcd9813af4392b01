"""A handset: what it shows, and what its owner does with it."""

import re
from typing import TYPE_CHECKING

from ..client.control import SandboxError
from ..control.shapes.messages import Inbound
from ..domain.carrier import DELIVERED, PENDING
from ..domain.merge import SHORT_LINK
from ..domain.rule_match import to_international

if TYPE_CHECKING:
    from .sandbox import Sandbox

SHOWN = (PENDING, DELIVERED)
"""States of a copy that the handset shows."""

_LINK = re.compile(rf"\b{SHORT_LINK}\b", re.IGNORECASE)


class Handset:
    """A phone of the sandbox's world, by its number in international form or an Australian local one."""

    def __init__(self, sandbox: "Sandbox", number: str) -> None:
        """Raises ValueError if it is no number."""
        self._sandbox = sandbox
        self.number = to_international(number)

    def __repr__(self) -> str:
        return f"<Handset {self.number}>"

    def inbox(self) -> list[str]:
        """The texts it shows, oldest first: those that were sent and did not bounce, though no report may have come
        yet. One that is to be sent later, or was called off, is none of them."""
        found = [each for each in self._sandbox.recipients(msisdn=self.number, sent=True) if each.status in SHOWN]
        return [each.text for each in sorted(found, key=lambda each: (each.sent_at, each.id))]

    def reply(self, text: str, to: str | int | None = None) -> Inbound:
        """Write to the number that last wrote to it, or to another one."""
        return self._sandbox.send_inbound(self.number, text, to)

    def tap_link(self) -> str:
        """Open the link in the newest text that has one; where it leads, or empty for the page of an opt-out link.

        Raises SandboxError where no text has a link.
        """
        for text in reversed(self.inbox()):
            if found := _LINK.search(text):
                return self._sandbox._open_link(found[0])
        raise SandboxError(f"No text on handset {self.number} has a short link.")
