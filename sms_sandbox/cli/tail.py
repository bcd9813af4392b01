"""`sms-sandbox tail`: shows the traffic as it happens."""

import os
import sys
from typing import TYPE_CHECKING

import click

from .connection import with_client

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.traffic import Entry

KINDS = ("call", "callback", "inbound", "report", "failure")

COLOURS = {
    "SUCCESS": "green", "ok": "green", "received": "green", "delivered": "green", "pending": "yellow",
}  # fmt: skip
"""Colour of each result code; any other is red."""

MAX_TEXT_CHARACTERS = 60
"""Longest part of a text that is shown."""


@click.command()
@click.option(
    "-n",
    "--lines",
    "history",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    metavar="N",
    help="Show the last N entries first.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Only API calls, callback attempts, messages from handsets, delivery reports, or failures.",
)
@click.option("--method", metavar="NAME", help="Only calls of this method, or callbacks of this event, such as dlr.")
@click.option("--json", "as_json", is_flag=True, help="Print each entry as one line of JSON.")
@with_client
def tail(client: "Client", history: int, kind: str | None, method: str | None, as_json: bool) -> None:
    """Show the traffic as it happens.

    Traffic is API calls, callback attempts, messages from handsets, and delivery reports. It ends with Ctrl-C, or when
    the sandbox stops.
    """
    import msgspec  # here, because --help needs neither

    from ..control.shapes.traffic import DroppedEntries, Entry, Traffic

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        after = None
        if history:
            entries = client.read(Traffic, "GET", "/traffic", kind=kind, method=method, max=history).entries
            for entry in reversed(entries):
                _show(entry, as_json, colour)
            after = entries[0].id if entries else 0
        for name, data in client.stream("/events", kind=kind, method=method, after=after):
            if name == "dropped":
                count = msgspec.json.decode(data, type=DroppedEntries).count
                click.echo(f"sms-sandbox: {count} entries were dropped before they could be shown.", err=True)
            else:
                _show(msgspec.json.decode(data, type=Entry), as_json, colour)
    except KeyboardInterrupt:
        click.echo(err=True)
        return
    click.echo("sms-sandbox: The sandbox has stopped, or the tenant is gone.", err=True)


def _show(entry: "Entry", as_json: bool, colour: bool) -> None:
    from msgspec import json

    click.echo(json.encode(entry).decode() if as_json else format_line(entry), color=colour)


def format_line(entry: "Entry") -> str:
    """Return an entry as one line for people, in colour.

    Control characters are escaped, because what others wrote must not control the terminal.
    """
    status = f" {entry.status}" if entry.status and entry.status != 200 else ""
    text = entry.request.get("message") or entry.request.get("text") or entry.request.get("response")
    words = [
        click.style(f"{entry.at:%H:%M:%S}.{entry.at.microsecond // 1000:03}", dim=True),
        entry.kind.ljust(8),
        _escape(entry.method or "").ljust(12),
        (entry.number or "").ljust(12),
        click.style(f"{entry.code or '-'}{status}", fg=COLOURS.get(entry.code, "red")),
        f"{entry.took_ms:.1f} ms" if entry.took_ms is not None else "",
        _quote(text) if text else "",
        _escape(entry.error or ""),
        click.style(f"[{_escape(entry.rule)}]", fg="magenta") if entry.rule else "",
        *(click.style(f"hint: {_escape(hint)}", fg="yellow") for hint in entry.hints),
    ]
    return " ".join(word for word in words if word).rstrip()


def _quote(text: str) -> str:
    shown = text if len(text) <= MAX_TEXT_CHARACTERS else text[: MAX_TEXT_CHARACTERS - 1] + "…"
    return f'"{_escape(shown)}"'


def _escape(text: str) -> str:
    """Escape characters that could move the cursor or control the terminal in other ways."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
