"""The part of `Sandbox` that reads what happened, and checks it."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..client.control import CALL_TIMEOUT_SECONDS, Client
from ..control.shapes.callbacks import Callback
from ..control.shapes.messages import Message, Recipient
from ..control.shapes.traffic import Entry, Traffic, TrafficCount, VerifyResult, WaitResult
from .event_loop import HasAsyncMethods, check_may_block
from .traffic_report import explain_no_message, format_entries

_MAX_REPORT_ENTRIES = 50
"""Most traffic entries in the report of a failed test."""


class Queries(Client, HasAsyncMethods):
    """Reads what happened, and changes nothing."""

    def messages(self, sender: str | None = None, status: str | None = None, text: str | None = None) -> list[Message]:
        """Return messages, oldest first.

        Args:
            sender: the sender; any if left out.
            status: `scheduled`, `sent` or `cancelled`; any if left out.
            text: a substring of the text, case-insensitive.
        """
        return self._read_pages(Message, "/messages", "messages", sender=sender, status=status, text=text)

    def recipients(
        self, message: int | None = None, msisdn: str | None = None, status: str | None = None, sent: bool | None = None
    ) -> list[Recipient]:
        """Return recipients, oldest first: the copies of messages for each handset.

        Args:
            message: the id of a message.
            msisdn: the number of a handset.
            status: `pending`, `delivered`, `soft-bounce` or `hard-bounce`.
            sent: True if the message was sent, False if it is scheduled or was cancelled.
        """
        return self._read_pages(
            Recipient, "/recipients", "recipients", message=message, msisdn=msisdn, status=status, sent=sent
        )

    def callbacks(
        self, event: str | None = None, state: str | None = None, message: int | None = None, msisdn: str | None = None
    ) -> list[Callback]:
        """Return callbacks, oldest first, each with its attempts.

        Args:
            event: `dlr`, `reply`, `inbound`, `link-hit` or `list-action`.
            state: `waiting`, `delivered` or `given-up`.
            message: the id of a message.
            msisdn: the number of a handset.
        """
        return self._read_pages(
            Callback, "/callbacks", "callbacks", event=event, state=state, message=message, msisdn=msisdn
        )

    def traffic(self, **where: Any) -> list[Entry]:
        """Return traffic entries, oldest first: calls, callback attempts, handsets' messages and delivery reports.

        `where` selects entries: kind (`call`, `callback`, `inbound`, `report`, `control`), method (of a call, or the
        event of a callback), number, code, text, rule, message (an id), after (an id), since, until.
        """
        return self._read_pages(Entry, "/traffic", "entries", **where)

    def verify(
        self, *, messages: int | None = None, callbacks: int | None = None, calls: int | None = None,
        inbound: int | None = None, params: Mapping[str, Any] | None = None, **where: Any,
    ) -> None:  # fmt: skip
        """Assert how many messages, callback attempts, calls or inbound messages there are. Each count is exact.

        Args:
            messages: how many messages were sent, counted for each handset; not checked if left out.
            callbacks: how many callback attempts were made.
            calls: how many calls of the API were made.
            inbound: how many messages came from handsets.
            params: count only those with exactly these parameters.
            where: count only those that match: method, number, code, text, rule, message, after, since, until.
        """
        __tracebackhide__ = True  # a failed test shows the line of the test, not this one
        counts = {"messages": messages, "callbacks": callbacks, "calls": calls, "inbound": inbound}
        for subject, count in _given(counts):
            result = self.read(VerifyResult, "POST", "/verify", _expectation(subject, params, where) | {"count": count})
            if not result.ok:
                raise AssertionError("\n  ".join([result.difference, *self._explain(subject, result.found)]))

    def wait_for(
        self, *, messages: int | None = None, callbacks: int | None = None, calls: int | None = None,
        inbound: int | None = None, timeout: float = 5.0, params: Mapping[str, Any] | None = None, **where: Any,
    ) -> list[Entry]:  # fmt: skip
        """Wait until there are as many, or more, and return them, oldest first. Other arguments are as for `verify`.

        Raises AssertionError after `timeout` seconds; its text says what was seen instead. Raises SandboxError if an
        app on this thread's event loop would have to answer. While the clock is frozen, nothing scheduled for later
        happens: advance the clock instead of waiting.
        """
        __tracebackhide__ = True
        check_may_block("wait_for")
        counts = {"messages": messages, "callbacks": callbacks, "calls": calls, "inbound": inbound}
        entries: list[Entry] = []
        for subject, count in _given(counts):
            body = _expectation(subject, params, where) | {"at_least": count, "timeout_seconds": timeout}
            result = self.read(WaitResult, "POST", "/wait", body, timeout=CALL_TIMEOUT_SECONDS + timeout)
            if not result.ok:
                seen = format_entries(reversed(result.seen))
                lines = [f"Waited {timeout:g} s. {result.difference}", *seen, *self._explain(subject, result.found)]
                raise AssertionError("\n  ".join(lines))
            entries += reversed(result.entries)
        return entries

    def report(self) -> str:
        """Return the newest traffic entries of the tenant as text: a line each, repeats as one.

        If no message was sent at all, the last line says which call was refused.
        """
        traffic = self.read(Traffic, "GET", "/traffic", max=_MAX_REPORT_ENTRIES)
        # Control calls are the test's own doing, and no news to its author.
        own = self.read(TrafficCount, "GET", "/traffic/count", kind="control").count
        entries = [entry for entry in traffic.entries if entry.kind != "control"]
        earlier = traffic.page.total + traffic.dropped - own - len(entries)
        lines = [f"({earlier} earlier)"] if earlier else []
        lines += format_entries(reversed(entries))
        return "\n".join([*lines, *self._explain("messages", 0)] if lines else ["Nothing happened."])

    def _explain(self, subject: str, count: int) -> list[str]:
        """Return likely reasons why the tenant has no messages.

        Empty if something else is missing, or if there are messages.
        """
        if subject != "messages" or count or self.control("GET", "/messages", max=1)["messages"]:
            return []
        calls = self.read(Traffic, "GET", "/traffic", kind="call", max=_MAX_REPORT_ENTRIES)
        return explain_no_message(calls.entries)


def _given(counts: Mapping[str, int | None]) -> Iterator[tuple[str, int]]:
    """Yield what is to be counted, and how many are expected. Raises TypeError if there is nothing."""
    given = [(subject, count) for subject, count in counts.items() if count is not None]
    if not given:
        raise TypeError(f"Say how many of what: {', '.join(counts)}.")
    yield from given


def _expectation(subject: str, params: Mapping[str, Any] | None, where: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in where.items() if value is not None}
    return {"of": subject, "where": given, "params": {name: str(value) for name, value in (params or {}).items()}}
