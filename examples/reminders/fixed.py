"""The reminder app without its bugs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import buggy


class Reminders(buggy.Reminders):
    """Retries only what was not sent, counts each delivery once, and respects opt-outs."""

    def __init__(self, url: str, key: str, secret: str, ca: str, people: Iterable[str]) -> None:
        super().__init__(url, key, secret, ca, people)
        self._reported: set[tuple[str, str]] = set()

    def remind(self, number: str, text: str) -> None:
        if number not in self.people:
            return
        for _ in range(buggy.MAX_ATTEMPTS):
            if self._call("send-sms", to=number, message=text) is not None or self._was_sent(number, text):
                return

    def _was_sent(self, number: str, text: str) -> bool:
        """True if a reminder was sent although its answer was lost."""
        day = timedelta(days=1)
        start, end = (f"{datetime.now(UTC) + offset:%Y-%m-%d}" for offset in (-day, day))
        sent = self._call("get-user-sms-sent", start=start, end=end, msisdn=number)
        return sent is not None and any(row["message"] == text for row in sent.get("messages", ()))

    def handle_callback(self, callback: dict[str, str]) -> None:
        if callback.get("status") == "delivered":
            self._reported.add((callback["message_id"], callback["mobile"]))
            self.delivered = len(self._reported)
        if callback.get("is_optout") == "yes":
            self.people.discard(callback["mobile"])
