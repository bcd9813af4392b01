"""`sms-sandbox messages`: lists messages."""

from typing import TYPE_CHECKING

import click

from .answers import Answer, pad_table
from .connection import with_client
from .options import Whole
from .terminal import count, quote
from .times import format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.messages import Message

HEAD = ("ID", "TIME", "FROM", "RESULT", "TEXT")

MAX_OPTION = click.option(
    "-n", "--max", "most", type=Whole(1, 1000), default=20, show_default=True, metavar="N",
    help="Show the N newest, up to 1000.",
)  # fmt: skip


@click.command()
@click.option("--sender", metavar="SENDER", help="Only messages of this sender.")
@click.option("--status", type=click.Choice(("scheduled", "sent", "cancelled")), help="Only messages with this status.")
@click.option("--text", metavar="TEXT", help="Only messages whose text contains this.")
@MAX_OPTION
@with_client
def messages(client: "Client", sender: str | None, status: str | None, text: str | None, most: int) -> Answer:
    """List messages, newest first.

    `sms-sandbox message ID` tells the story of one.
    """
    from ..control.shapes.messages import Messages  # here, because --help does not need it

    page = client.read(Messages, "GET", "/messages", sender=sender, status=status, text=text, max=most)
    if not page.messages:
        return Answer(page, "There are no such messages." if sender or status or text else "No message was sent yet.")
    rows = [
        (str(each.id), format_time(each.send_at), each.sender, describe_result(each), quote(each.text))
        for each in page.messages
    ]
    return Answer(page, with_rest(pad_table(rows, HEAD), len(rows), page.page.total))


def describe_result(message: "Message") -> str:
    """Return how many recipients have each status, in few words."""
    if message.status != "sent":
        return message.status
    counts = (
        (message.delivered, "delivered"), (message.pending, "pending"), (message.soft_bounced, "soft-bounce"),
        (message.hard_bounced, "hard-bounce"),
    )  # fmt: skip
    shown = [(number, word) for number, word in counts if number]
    return ", ".join(word if number == message.recipients == 1 else f"{number} {word}" for number, word in shown)


def with_rest(table: str, shown: int, total: int) -> str:
    """Return a table, and a line that counts the rows left out, if any."""
    return table if shown >= total else f"{table}\n({count(total - shown, 'older one')}; see --max.)"
