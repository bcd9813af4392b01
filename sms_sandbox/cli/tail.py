"""`sms-sandbox tail`: what happens, as it happens."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import click

from ..client.command_client import control, lines
from .options import CLIENT, HELPERS_WORDS, settings_of

KINDS = ("call", "callback", "inbound", "report")

COLOURS = {
    "SUCCESS": "green", "ok": "green", "received": "green", "delivered": "green", "pending": "yellow",
}  # fmt: skip
"""Of what came of it; anything else is red."""

LONGEST = 60
"""Characters of a text that are shown."""

Entry = Mapping[str, Any]


@click.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.option("-n", "--lines", "history", type=click.IntRange(0, 1000), default=20, show_default=True, metavar="N",
              help="How many of the last events to begin with.")  # fmt: skip
@click.option("--kind", type=click.Choice(KINDS), help="Only these: calls of the API, callbacks to the app, messages "
              "from handsets, or delivery reports.")  # fmt: skip
@click.option("--method", metavar="NAME", help="Only calls of this method, or callbacks of this event (as dlr).")
@click.option("--json", "as_json", is_flag=True, help="Each event as one line of JSON.")
def tail(history: int, kind: str | None, method: str | None, as_json: bool, **where: Any) -> None:
    """Show calls, callbacks, inbound messages and delivery reports as they happen.

    It ends with Ctrl-C, or when the sandbox does.
    """
    only = {name: value for name, value in (("kind", kind), ("method", method)) if value}
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        after: dict[str, int] = {}
        if history:
            found = control("GET", f"/traffic?{urlencode({**only, 'max': history})}", None, **where)["entries"]
            for entry in reversed(found):
                show(entry, as_json, colour)
            after = {"after": found[0]["id"] if found else 0}
        for name, entry in events(f"/events?{urlencode({**only, **after})}", **where):
            if name == "dropped":
                click.echo(f"sms-sandbox: {entry['count']} events were dropped before they could be shown.", err=True)
            else:
                show(entry, as_json, colour)
    except KeyboardInterrupt:
        click.echo(err=True)
        return
    click.echo("sms-sandbox: The sandbox has stopped, or this tenant is gone.", err=True)


def events(path: str, **where: Any) -> Iterator[tuple[str, Entry]]:
    """The events of a stream, each with its name."""
    name = ""
    for line in lines(path, **where):
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def show(entry: Entry, as_json: bool, colour: bool) -> None:
    line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) if as_json else line_of(entry)
    click.echo(line, color=colour)


def line_of(entry: Entry) -> str:
    """An event as a line for people, coloured; what others wrote can't do anything to a terminal."""
    code = entry["code"] or "-"
    status = f" {entry['status']}" if entry["status"] and entry["status"] != 200 else ""
    text = entry["request"].get("message") or entry["request"].get("text") or entry["request"].get("response")
    words = [
        click.style(entry["at"][11:23].rstrip("Z").ljust(12), dim=True),
        entry["kind"].ljust(8),
        safe(entry["method"] or "").ljust(12),
        (entry["number"] or "").ljust(12),
        click.style(f"{code}{status}", fg=COLOURS.get(code, "red")),
        f"{entry['took_ms']:.1f} ms" if entry["took_ms"] is not None else "",
        quoted(text) if text else "",
        safe(entry["error"] or ""),
        click.style(f"[{safe(entry['rule'])}]", fg="magenta") if entry["rule"] else "",
        *(click.style(f"hint: {safe(hint)}", fg="yellow") for hint in entry["hints"]),
    ]
    return " ".join(word for word in words if word).rstrip()


def quoted(text: str) -> str:
    return f'"{safe(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")}"'


def safe(text: str) -> str:
    """A text without characters that move a cursor or worse."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
