"""What a test sees of a world, and what it expects to see."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ..client.control import PATIENCE, Client
from ..control.shapes.callbacks import Callback
from ..control.shapes.messages import Message, Recipient
from ..control.shapes.traffic import Entry
from .traffic_report import line

MOST_TOLD = 50
"""Entries of the traffic that a report of a failed test holds."""


class Looking(Client):
    """The part of a sandbox that looks and changes nothing."""

    def messages(self, sender: str | None = None, status: str | None = None, text: str | None = None) -> list[Message]:
        """The messages that were sent, oldest first: from a sender, in a state (`scheduled`, `sent`, `cancelled`), with
        a text in them."""
        return self._every(Message, "/messages", "messages", sender=sender, status=status, text=text)

    def recipients(
        self, message: int | None = None, msisdn: str | None = None, status: str | None = None, sent: bool | None = None
    ) -> list[Recipient]:
        """Each handset's copy of the messages, oldest first: of a message, of a number, in a state, of messages that
        were sent or are not yet."""
        return self._every(
            Recipient, "/recipients", "recipients", message=message, msisdn=msisdn, status=status, sent=sent
        )

    def callbacks(
        self, event: str | None = None, state: str | None = None, message: int | None = None, msisdn: str | None = None
    ) -> list[Callback]:
        """The callbacks, oldest first, each with all its tries: of an event (`dlr`, `reply`, `inbound`, `link-hit`,
        `list-action`), in a state (`waiting`, `delivered`, `given-up`), about a message, about a number."""
        return self._every(
            Callback, "/callbacks", "callbacks", event=event, state=state, message=message, msisdn=msisdn
        )

    def traffic(self, **where: Any) -> list[Entry]:
        """Every call of the API, every try of a callback, every message from a handset and every report of the carrier,
        oldest first.

        `where` narrows it: kind (`call`, `callback`, `inbound`, `report`), method (of a call, or the event of a
        callback), number, code, text, rule, after (an id), since, until.
        """
        return self._every(Entry, "/traffic", "entries", **where)

    def verify(
        self, *, messages: int | None = None, callbacks: int | None = None, calls: int | None = None,
        inbound: int | None = None, params: Mapping[str, Any] | None = None, **where: Any,
    ) -> None:  # fmt: skip
        """Assert that so many messages were sent, callbacks tried, calls made or messages of handsets received, neither
        more nor less. Each number that is given is looked at.

        Args:
            params: parameters they must have, word by word.
            where: which of them count: method, number, code, text, rule, after, since, until.
        """
        __tracebackhide__ = True  # who reads a failed test wants to see the test
        counts = {"messages": messages, "callbacks": callbacks, "calls": calls, "inbound": inbound}
        for of, count in _given(counts):
            told = self.control("POST", "/verify", _check(of, params, where) | {"count": count})
            if not told["ok"]:
                raise AssertionError(told["difference"])

    def wait_for(
        self, *, messages: int | None = None, callbacks: int | None = None, calls: int | None = None,
        inbound: int | None = None, timeout: float = 5.0, params: Mapping[str, Any] | None = None, **where: Any,
    ) -> list[Entry]:  # fmt: skip
        """Wait until so many, or more, are there, and answer them, oldest first. The rest is as for `verify`.

        Raises AssertionError after `timeout` seconds, which tells what was seen instead. A clock that stands lets
        nothing happen: advance it instead.
        """
        __tracebackhide__ = True
        counts = {"messages": messages, "callbacks": callbacks, "calls": calls, "inbound": inbound}
        found: list[Entry] = []
        for of, count in _given(counts):
            body = _check(of, params, where) | {"at_least": count, "timeout_seconds": timeout}
            told = self.control("POST", "/wait", body, patience=PATIENCE + timeout)
            if not told["ok"]:
                seen = _entries(told["seen"])
                raise AssertionError("\n  ".join([f"Waited {timeout:g} s. {told['difference']}", *map(line, seen)]))
            found += _entries(told["entries"])
        return found

    def report(self) -> str:
        """The traffic of this world, a line each, for whoever reads a failed test."""
        told = self.control("GET", "/traffic", max=MOST_TOLD)
        more = told["page"]["total"] + told["dropped"] - len(told["entries"])
        lines = [f"({more} earlier)"] if more else []
        return "\n".join([*lines, *map(line, _entries(told["entries"]))]) or "Nothing happened."


def _given(counts: Mapping[str, int | None]) -> Iterator[tuple[str, int]]:
    """What is to be counted, and how many of it."""
    given = [(of, count) for of, count in counts.items() if count is not None]
    if not given:
        raise TypeError(f"Say how many of what: {', '.join(counts)}.")
    yield from given


def _check(of: str, params: Mapping[str, Any] | None, where: Mapping[str, Any]) -> dict[str, Any]:
    fitting = {name: value for name, value in where.items() if value is not None}
    return {"of": of, "where": fitting, "params": {name: str(value) for name, value in (params or {}).items()}}


def _entries(told: list[Any]) -> list[Entry]:
    """Entries that came newest first, in the order they happened."""
    return msgspec.convert(told, list[Entry])[::-1]
