"""What a test sees of a world."""

from .client import Client
from .records import Callback, Message, Recipient


class Looking(Client):
    """The part of a sandbox that looks and changes nothing."""

    def messages(self, sender: str | None = None, status: str | None = None, text: str | None = None) -> list[Message]:
        """The messages that were sent, oldest first: from a sender, in a state (`scheduled`, `sent`, `cancelled`), with
        a text in them."""
        return self._every(Message, "/messages", sender=sender, status=status, text=text)

    def recipients(
        self, message: int | None = None, msisdn: str | None = None, status: str | None = None
    ) -> list[Recipient]:
        """Each handset's copy of the messages, oldest first: of a message, of a number, in a state."""
        return self._every(Recipient, "/recipients", message=message, msisdn=msisdn, status=status)

    def callbacks(
        self, event: str | None = None, state: str | None = None, message: int | None = None, msisdn: str | None = None
    ) -> list[Callback]:
        """The callbacks, oldest first, each with all its tries: of an event (`dlr`, `reply`, `inbound`, `link-hit`,
        `list-action`), in a state (`waiting`, `delivered`, `given-up`), about a message, about a number."""
        return self._every(Callback, "/callbacks", event=event, state=state, message=message, msisdn=msisdn)

    def report(self) -> str:
        """What happened in this world, a line each, for whoever reads a failed test."""
        lines = [
            f"message {each.message_id} to {each.msisdn} from {each.sender}: {each.text!r} ({each.status})"
            for each in self.recipients()
        ]
        lines += [
            f"callback {each.event} for {each.msisdn} to {each.url}: {each.state} after {len(each.tries)} tries"
            for each in self.callbacks()
        ]
        return "\n".join(lines) or "Nothing was sent."
