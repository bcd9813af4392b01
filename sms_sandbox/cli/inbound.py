"""`sms-sandbox inbound`: sends a message from a handset."""

from typing import TYPE_CHECKING

import click

from .answers import Answer
from .connection import with_client

if TYPE_CHECKING:
    from ..client.control import Client


@click.command()
@click.option("--from", "from_", required=True, metavar="MSISDN", help="Number of the handset.")
@click.option("--to", metavar="NUMBER", help="Number to send to. If left out, the one that last wrote to the handset.")
@click.argument("text")
@with_client
def inbound(client: "Client", from_: str, to: str | None, text: str) -> Answer:
    """Send TEXT from a handset.

    It is a reply if the number wrote to the handset before, else an inbound message.
    """
    from ..control.shapes.messages import Inbound  # here, because --help does not need it

    body = {"from": from_, "text": text} | ({"to": to} if to else {})
    arrived = client.read(Inbound, "POST", "/inbound", body)
    what = f"a reply to message {arrived.message_id}" if arrived.message_id else "an inbound message"
    sentences = [f"It arrived at {arrived.to} as {what}."]
    if arrived.is_optout:
        sentences.append("The handset has opted out.")
    sentences.append(f"A callback goes to {arrived.callback_url}." if arrived.callback_url else "No callback is sent.")
    return Answer(arrived, " ".join(sentences))
