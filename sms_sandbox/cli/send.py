"""`sms-sandbox send`: sends a message as an app does."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from .answers import Answer
from .connection import call_api, with_client
from .terminal import count
from .times import Time, format_time

if TYPE_CHECKING:
    from ..client.control import Client


@click.command()
@click.option("--from", "from_", metavar="SENDER", help="Sender: a number of the account, or a word.")
@click.option("--list", "list_id", type=int, metavar="ID", help="Send to the members of this list.")
@click.option("--country", "countrycode", metavar="CODE", help="Country of numbers in local form, such as AU.")
@click.option("--at", type=Time(), help="Send at this time of the tenant's clock, such as 2030-01-31T12:00.")
@click.option("--dlr-callback", metavar="URL", help="URL for delivery reports, instead of the account's own.")
@click.option("--reply-callback", metavar="URL", help="URL for replies, instead of the account's own.")
@click.option("--link", metavar="URL", help="Target of [tracked-link] in the text.")
@click.argument("words", nargs=-1, metavar="[TO] TEXT")
@with_client
def send(
    client: "Client", words: tuple[str, ...], from_: str | None, list_id: int | None, countrycode: str | None,
    at: datetime | None, dlr_callback: str | None, reply_callback: str | None, link: str | None,
) -> Answer:  # fmt: skip
    """Send TEXT to a number, as an app does.

    It is a call of send-sms over HTTPS, so it is charged, throttled and met by faults like any other. TO is a number,
    or several with commas between them; it is left out with --list.
    """
    if len(words) != (1 if list_id is not None else 2):
        raise click.UsageError("Give a number and a text in quotes, or --list and a text in quotes.")
    *to, text = words
    params = {
        "to": to[0] if to else None, "message": text, "from": from_, "list_id": list_id, "countrycode": countrycode,
        "send_at": f"{format_time(at)}" if at else None, "dlr_callback": dlr_callback,
        "reply_callback": reply_callback, "tracked_link_url": link,
    }  # fmt: skip
    reply = call_api(client, "send-sms", **{name: value for name, value in params.items() if value is not None})
    if reply.get("error", {}).get("code") != "SUCCESS":
        return Answer(reply, "\n".join(_describe_refusal(client, reply)), ok=False)
    sms = count(reply["sms"], "part")
    where = count(reply["recipients"], "handset")
    when = f"is sent at {reply['send_at']} UTC" if at else "was sent"
    return Answer(reply, f"Message {reply['message_id']} {when} to {where}: {sms}, {reply['cost']:.3f}.")


def _describe_refusal(client: "Client", reply: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence about a refused call, and the hints for it."""
    from ..control.shapes.traffic import Traffic, describe_error

    error = reply.get("error")
    yield f"Refused with {error['code']}: {describe_error(error)}" if error else f"Refused: {json.dumps(reply)}"
    for entry in client.read(Traffic, "GET", "/traffic", kind="call", method="send-sms", max=1).entries:
        if entry.rule:
            yield f"This was caused by {entry.rule}."
        yield from (f"hint: {hint}" for hint in entry.hints)
