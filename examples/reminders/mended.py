"""The same app, without its bugs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import buggy


class Reminders(buggy.Reminders):
    """Sends again only what was not sent, counts a delivery once, and leaves alone who wants no more."""

    def __init__(self, url: str, key: str, secret: str, ca: str, people: Iterable[str]) -> None:
        super().__init__(url, key, secret, ca, people)
        self._reported: set[tuple[str, str]] = set()

    def remind(self, number: str, text: str) -> None:
        if number not in self.people:
            return
        for _ in range(buggy.TRIES):
            if self._call("send-sms", to=number, message=text) is not None or self._was_sent(number, text):
                return

    def _was_sent(self, number: str, text: str) -> bool:
        """Whether a reminder went out though nobody said so."""
        day = timedelta(days=1)
        start, end = (f"{datetime.now(UTC) + by:%Y-%m-%d}" for by in (-day, day))
        sent = self._call("get-user-sms-sent", start=start, end=end, msisdn=number)
        return sent is not None and any(each["message"] == text for each in sent.get("messages", ()))

    def heard(self, callback: dict[str, str]) -> None:
        if callback.get("status") == "delivered":
            self._reported.add((callback["message_id"], callback["mobile"]))
            self.delivered = len(self._reported)
        if callback.get("is_optout") == "yes":
            self.people.discard(callback["mobile"])
