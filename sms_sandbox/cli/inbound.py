"""`sms-sandbox inbound`: sends a message from a handset."""

from typing import TYPE_CHECKING

import click

from .connection import print_json, with_client

if TYPE_CHECKING:
    from ..client.control import Client


@click.command()
@click.option("--from", "from_", required=True, metavar="MSISDN", help="Number of the handset.")
@click.option("--to", metavar="NUMBER", help="Number to send to. If left out, the one that last wrote to the handset.")
@click.argument("text")
@with_client
def inbound(client: "Client", from_: str, to: str | None, text: str) -> None:
    """Send TEXT from a handset.

    It is a reply if the number wrote to the handset before, else an inbound message.
    """
    body = {"from": from_, "text": text} | ({"to": to} if to else {})
    print_json(client.control("POST", "/inbound", body))
