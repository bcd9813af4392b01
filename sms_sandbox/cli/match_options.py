"""Options of commands that add a rule: what it means, and how often it applies."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from .options import seconds

MATCH = ("to", "sender", "text", "key")

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--to", metavar="MSISDN", help="Only a handset, a prefix (6149157*) or a range (614…100-614…199)."),
    click.option("--sender", metavar="WORD", help="Only from this sender."),
    click.option("--text", metavar="TEXT", help="Only where the text has this in it."),
    click.option("--key", metavar="KEY", help="Only for the account of this key."),
    click.option("--nth", type=click.IntRange(1), help="From this one on, counted from 1."),
    click.option("--count", type=click.IntRange(1), help="So many times; without, until it is taken away."),
    click.option("--share", type=float, metavar="PART", help="To a part of them, as 0.2; the seed picks."),
    click.option("--for", "for_seconds", metavar="SPAN", help="For so long, by the clock of the account's world."),
    click.option("--first", is_flag=True, help="Ask it before those there are, not after them."),
)


def matching(command: Any) -> Any:
    """Give a command these options."""
    return reduce(lambda so_far, option: option(so_far), reversed(OPTIONS), command)


def body_of(given: dict[str, Any]) -> dict[str, Any]:
    """What they say, as the control API takes it, with whatever else was given."""
    match = {name: value for name in MATCH if (value := given.pop(name)) is not None}
    body = {name: value for name, value in given.items() if value is not None}
    if "for_seconds" in body:
        body["for_seconds"] = seconds(body["for_seconds"])
    return {**body, "match": match}
