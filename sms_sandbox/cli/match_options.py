"""Options of commands that add a carrier rule or a fault: what it matches, and how often it applies."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from .options import Span, Whole

_MATCH = ("to", "sender", "text", "key")

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--to", metavar="MSISDN", help="Only for this number, prefix (6149157*) or range (614…100-614…199)."),
    click.option("--sender", metavar="SENDER", help="Only for this sender."),
    click.option("--text", metavar="TEXT", help="Only if the text contains this."),
    click.option("--key", metavar="KEY", help="Only for the account with this API key."),
    click.option("--nth", type=Whole(1), metavar="N", help="Start with this match; the first is 1."),
    click.option("--count", type=Whole(1), metavar="N", help="Apply this many times. No limit if left out."),
    click.option("--share", type=float, metavar="PART", help="Apply to a share of the matches only, such as 0.2."),
    click.option(
        "--for",
        "for_seconds",
        type=Span(),
        metavar="SPAN",
        help="End after this time of the tenant's clock, such as 5m.",
    ),
    click.option("--first", is_flag=True, help="Check it before the existing ones, not after them."),
)


def match_options(command: Any) -> Any:
    """Add the options to a command."""
    return reduce(lambda so_far, option: option(so_far), reversed(_OPTIONS), command)


def body_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return the values of all options as the body of a control call."""
    match = {name: value for name in _MATCH if (value := given.pop(name)) is not None}
    body = {name: value for name, value in given.items() if value is not None}
    return {**body, "match": match}
