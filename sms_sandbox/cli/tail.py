"""`sms-sandbox tail`: shows the traffic as it happens."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from .connection import with_connection
from .expectations import FILTERS, add_options, read_filters
from .options import Whole
from .terminal import count, has_colour
from .traffic_lines import format_entry

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.traffic import Entry

KINDS = ("call", "callback", "inbound", "report", "failure", "control")

_MAX_HISTORY = 1000
"""Most entries that are shown first."""

_USUAL_HISTORY = 20


@click.command()
@click.option(
    "-n", "--lines", "history", type=Whole(0, _MAX_HISTORY), metavar="N",
    help=f"Show the last N entries first. Without it {_USUAL_HISTORY}; with --since {_MAX_HISTORY}.",
)  # fmt: skip
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Only API calls, callback attempts, handsets' messages, delivery reports, failed events, or control calls.",
)
@add_options(*FILTERS)
@click.option("--follow/--no-follow", default=True, help="Wait for new entries, unless --until is given.")
@click.option("--json", "as_json", is_flag=True, help="Print each entry as one line of JSON.")
@with_connection
def tail(client: "Client", history: int | None, kind: str | None, follow: bool, as_json: bool, **given: Any) -> None:
    """Show the traffic as it happens.

    Traffic is API calls, callback attempts, messages from handsets, and delivery reports. It ends with Ctrl-C, or when
    the sandbox stops. Times are those of the tenant's clock.
    """
    ends = given["until"] is not None or not follow
    if history is None:
        history = _MAX_HISTORY if given["since"] is not None else _USUAL_HISTORY
    filters = read_filters(client, given) | ({"kind": kind} if kind else {})
    try:
        after = _show_history(client, history, filters, as_json=as_json) if history else None
        if ends:
            return
        for entry in _follow_entries(client, after, filters):
            show_entry(entry, as_json=as_json)
    except KeyboardInterrupt:
        click.echo(err=True)
        return
    click.echo("sms-sandbox: The sandbox has stopped, or the tenant is gone.", err=True)


def _show_history(client: "Client", most: int, filters: dict[str, Any], *, as_json: bool = False) -> int:
    """Print the last entries that match. Return the id of the last one, 0 if there is none."""
    from ..control.shapes.traffic import Traffic  # here, because --help does not need it

    entries = client.read(Traffic, "GET", "/traffic", max=max(1, most), **filters).entries
    for entry in reversed(entries[:most]):
        show_entry(entry, as_json=as_json)
    return entries[0].id if entries else 0


def _follow_entries(client: "Client", after: int | None, filters: dict[str, Any] | None = None) -> "Iterator[Entry]":
    """Yield new entries, or those after an id, until the stream ends. Raises SandboxError."""
    import msgspec  # here, because --help needs neither

    from ..control.shapes.traffic import DroppedEntries, Entry

    # All that a stream sends is new, so it takes no times.
    wanted = {name: value for name, value in (filters or {}).items() if name not in ("since", "until")}
    for name, data in client.stream("/events", after=after, **wanted):
        if name == "dropped":
            dropped = count(msgspec.json.decode(data, type=DroppedEntries).count, "entry was", "entries were")
            click.echo(f"sms-sandbox: {dropped} dropped before they could be shown.", err=True)
        else:
            yield msgspec.json.decode(data, type=Entry)


def show_entry(entry: "Entry", *, as_json: bool = False, tenant: str = "") -> None:
    """Print an entry: for people, in colour if stdout may have it, or as a line of JSON."""
    from msgspec import json

    click.echo(json.encode(entry).decode() if as_json else format_entry(entry, tenant), color=has_colour())
