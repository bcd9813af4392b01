"""`sms-sandbox tail`: shows the traffic as it happens."""

from typing import TYPE_CHECKING, Any

import click

from .connection import with_connection
from .expectations import FILTERS, add_options, read_filters
from .terminal import count, has_colour
from .traffic_lines import format_entry

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.traffic import Entry

KINDS = ("call", "callback", "inbound", "report", "failure")

MAX_HISTORY = 1000
"""Most entries that are shown first."""

USUAL_HISTORY = 20


@click.command()
@click.option(
    "-n", "--lines", "history", type=click.IntRange(0, MAX_HISTORY), metavar="N",
    help=f"Show the last N entries first. Without it {USUAL_HISTORY}; with --since {MAX_HISTORY}.",
)  # fmt: skip
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Only API calls, callback attempts, messages from handsets, delivery reports, or failures.",
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
        history = MAX_HISTORY if given["since"] is not None else USUAL_HISTORY
    filters = read_filters(client, given) | ({"kind": kind} if kind else {})
    try:
        show_traffic(client, history, filters, follow=not ends, as_json=as_json)
    except KeyboardInterrupt:
        click.echo(err=True)
        return
    if not ends:
        click.echo("sms-sandbox: The sandbox has stopped, or the tenant is gone.", err=True)


def show_traffic(
    client: "Client", history: int, filters: dict[str, Any], *, follow: bool = True, as_json: bool = False
) -> None:
    """Print the last entries that match, then new ones until the stream ends. Raises SandboxError."""
    import msgspec  # here, because --help needs neither

    from ..control.shapes.traffic import DroppedEntries, Entry, Traffic

    colour = has_colour()
    after = None
    if history:
        entries = client.read(Traffic, "GET", "/traffic", max=history, **filters).entries
        for entry in reversed(entries):
            _show(entry, as_json, colour)
        after = entries[0].id if entries else 0
    if not follow:
        return
    for name, data in client.stream("/events", after=after, **_of_stream(filters)):
        if name == "dropped":
            dropped = count(msgspec.json.decode(data, type=DroppedEntries).count, "entry was", "entries were")
            click.echo(f"sms-sandbox: {dropped} dropped before they could be shown.", err=True)
        else:
            _show(msgspec.json.decode(data, type=Entry), as_json, colour)


def _of_stream(filters: dict[str, Any]) -> dict[str, Any]:
    """Return the filters of a stream. All that it sends is new, so it takes no times."""
    return {name: value for name, value in filters.items() if name not in ("since", "until")}


def _show(entry: "Entry", as_json: bool, colour: bool) -> None:
    from msgspec import json

    click.echo(json.encode(entry).decode() if as_json else format_entry(entry), color=colour)
