"""Traffic entries as lines for a person who reads a failed test."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ..control.shapes.traffic import Entry

_MAX_VALUE_CHARACTERS = 60
"""Longest part of a value that is shown."""


def format_entries(entries: Iterable[Entry]) -> list[str]:
    """Return entries as lines, repeats as one.

    The attempts of a callback repeat each other even if something else happened between them.
    """
    groups: list[_Group] = []
    for entry in entries:
        text = _describe(entry)
        candidates = groups[::-1] if entry.kind == "callback" else groups[-1:]
        same = next((group for group in candidates if group.text == text), None)
        if same is None:
            groups.append(_Group(text, entry))
        else:
            same.count += 1
            same.last = entry.at
    return [str(group) for group in groups]


def explain_no_message(calls: Iterable[Entry]) -> list[str]:
    """Return a line that names the newest refused call, or none.

    Calls are given newest first. One that sends counts before others.
    """
    refused = [call for call in calls if call.code != "SUCCESS"]
    refused.sort(key=lambda call: not (call.method or "").startswith("send-"))
    return [f"No message was sent, because this was refused: {_describe(call)}" for call in refused[:1]]


class _Group:
    """An entry, and how often it was repeated."""

    def __init__(self, text: str, first: Entry) -> None:
        self.text = text
        self.count = 1
        self.first = self.last = first.at
        self._hints = first.hints

    def __str__(self) -> str:
        until = f", until {_time(self.last)}" if self.last != self.first else ""
        repeats = f" ({self.count} times{until})" if self.count > 1 else ""
        hints = (f"hint: {hint}" for hint in self._hints)
        return "\n    ".join([f"{_time(self.first)} {self.text}{repeats}", *hints])


def _describe(entry: Entry) -> str:
    """Return kind, parameters, result and rule of an entry."""
    what = " ".join(word for word in (entry.kind, entry.method, entry.number) if word)
    rule = f" [{entry.rule}]" if entry.rule else ""
    return f"{what}{_params(entry.request)} -> {': '.join(_result(entry))}{rule}"


def _result(entry: Entry) -> Iterator[str]:
    """Yield the result of an entry, and why it is no success."""
    if entry.kind == "callback" and entry.error:
        yield entry.code if entry.status is None else str(entry.status)
        # The number is shown already; the app's answer is more useful.
        reply = str(entry.reply or "").strip().partition("\n")[0]
        why = entry.error.removeprefix(f"answered {entry.status}").strip()
        yield from (_shorten(text) if text is reply else text for text in (reply, why) if text)
        return
    yield " ".join(str(word) for word in (entry.status, entry.code or entry.error) if word) or "no answer"
    if entry.refusal:
        yield _shorten(entry.refusal)


def _params(params: Mapping[str, Any]) -> str:
    shown = (f"{name}={_shorten(str(value))!r}" for name, value in params.items())
    return f" ({', '.join(shown)})" if params else ""


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_VALUE_CHARACTERS else f"{text[: _MAX_VALUE_CHARACTERS - 1]}…"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
