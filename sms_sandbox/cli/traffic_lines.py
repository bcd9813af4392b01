"""Traffic entries as lines for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from .terminal import escape, quote

if TYPE_CHECKING:
    from ..control.shapes.traffic import Entry

COLOURS = {
    "SUCCESS": "green", "ok": "green", "received": "green", "delivered": "green", "pending": "yellow",
}  # fmt: skip
"""Colour of each result code; any other is red."""

_INDENT = " " * 24


def format_entry(entry: "Entry", tenant: str = "") -> str:
    """Return an entry for people, in colour: one line, and below it a line for each hint.

    With a `tenant`, the line names it.

    Control characters are escaped, because what others wrote must not control the terminal.
    """
    hints = (click.style(f"{_INDENT}hint: {escape(hint)}", fg="yellow") for hint in entry.hints)
    return "\n".join([format_line(entry, tenant), *hints])


def format_line(entry: "Entry", tenant: str = "") -> str:
    """Return an entry as one line, without its hints."""
    status = f" {entry.status}" if entry.status and entry.status != 200 else ""
    text = entry.request.get("message") or entry.request.get("text") or entry.request.get("response")
    words = [
        click.style(f"{entry.at:%Y-%m-%d %H:%M:%S}.{entry.at.microsecond // 1000:03}", dim=True),
        click.style(escape(tenant).ljust(12), fg="cyan") if tenant else "",
        entry.kind.ljust(8),
        escape(entry.method or "").ljust(12),
        (entry.number or "").ljust(12),
        click.style(f"{entry.code or '-'}{status}", fg=COLOURS.get(entry.code, "red")),
        f"{entry.took_ms:.1f} ms" if entry.took_ms is not None else "",
        quote(text) if text else "",
        *(escape(reason) for reason in _reasons(entry)),
        click.style(f"[{escape(entry.rule)}]", fg="magenta") if entry.rule else "",
        f"by {escape(entry.by)}" if entry.by else "",
    ]
    return " ".join(word for word in words if word).rstrip()


def _reasons(entry: "Entry") -> Iterator[str]:
    """Yield why an entry is no success: the API's description, the app's answer, or the error."""
    if entry.refusal:
        yield entry.refusal
    if entry.kind == "callback" and entry.error and entry.reply:
        yield quote(str(entry.reply).strip().partition("\n")[0])
    if entry.error and entry.error != f"answered {entry.status}":  # the status is shown already
        yield entry.error
