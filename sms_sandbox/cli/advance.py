"""`sms-sandbox advance`: moves the clock of a tenant."""

from typing import TYPE_CHECKING

import click

from .connection import print_json, with_client
from .options import seconds

if TYPE_CHECKING:
    from ..client.control import Client


@click.command()
@click.option("--to", metavar="TIME", help="Advance to this time instead, such as 2030-01-31T12:00:00Z.")
@click.argument("span", required=False)
@with_client
def advance(client: "Client", to: str | None, span: str | None) -> None:
    """Advance the clock by a SPAN, such as 24h.

    A SPAN is 90s, 5m, 24h or 3d, for example. Everything due on the way happens before this command ends, retries of
    callbacks included.
    """
    if (to is None) == (span is None):
        raise click.UsageError("Say how far: either a SPAN such as 24h, or --to a time.")
    body = {"to": to} if to else {"seconds": seconds(span or "")}
    print_json(client.control("POST", "/clock/advance", body))
