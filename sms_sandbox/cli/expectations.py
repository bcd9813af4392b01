"""`sms-sandbox verify` and `wait`: check what happened, and wait until it did."""

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from .answers import Answer
from .connection import with_client
from .options import Span, Whole
from .terminal import count
from .times import Time, before_now
from .traffic_lines import format_line

if TYPE_CHECKING:
    from ..client.control import Client

OF = ("calls", "messages", "callbacks", "inbound")

TIME = Time(takes_spans=True)

FILTERS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--method", metavar="NAME", help="Only calls of this method, or callbacks of this event, such as dlr."
    ),
    click.option("--number", metavar="MSISDN", help="Only with this number, in any form."),
    click.option("--code", metavar="CODE", help="Only with this result, such as SUCCESS, ok, failed or delivered."),
    click.option("--text", metavar="TEXT", help="Only if the text contains this."),
    click.option("--rule", metavar="TEXT", help="Only if a fault or scenario whose name contains this caused it."),
    click.option("--message", type=int, metavar="ID", help="Only about the message with this id."),
    click.option("--since", type=TIME, help="Only from this time of the tenant's clock on; 30m means 30 minutes ago."),
    click.option("--until", type=TIME, help="Only up to this time of the tenant's clock."),
)
"""The filters of traffic, without its kind."""

_COUNTS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--param", "params", multiple=True, metavar="NAME=VALUE",
        help="Only with exactly this parameter, such as message='Hi'. May be repeated.",
    ),
    click.option("--count", type=Whole(0), metavar="N", help="Expect exactly this number."),
    click.option(
        "--at-least", type=Whole(0), metavar="N", help="Expect at least this number; 1 if no number is given."
    ),
    click.option("--at-most", type=Whole(0), metavar="N", help="Expect at most this number."),
)  # fmt: skip


def add_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that adds options to a command, in their order."""
    return lambda command: reduce(lambda so_far, option: option(so_far), reversed(options), command)


@click.command()
@click.argument("subject", type=click.Choice(OF), metavar="OF")
@add_options(*FILTERS, *_COUNTS)
@with_client
def verify(client: "Client", subject: str, **given: Any) -> Answer:
    """Check how often something happened.

    OF is `calls` of the API, `messages` (one for each handset), `callbacks` (each attempt), or `inbound` messages.

    The exit code is 0 if it is as expected, and 1 if not; the difference is shown. For example:

    sms-sandbox verify messages --number 0491570156 --text Tomorrow --count 1
    """
    from ..control.shapes.traffic import VerifyResult  # here, because --help does not need it

    result = client.read(VerifyResult, "POST", "/verify", _expectation(client, subject, given))
    return Answer(result, _as_expected(result.found) if result.ok else result.difference, ok=result.ok)


@click.command()
@click.argument("subject", type=click.Choice(OF), metavar="OF")
@click.option(
    "--timeout", type=Span(), default="5s", show_default=True, metavar="SPAN", help="Longest wait, such as 30s or 2m."
)
@add_options(*FILTERS, *_COUNTS)
@with_client
def wait(client: "Client", subject: str, timeout: float, **given: Any) -> Answer:
    """Wait until something happened as often as expected.

    OF is as for `verify`. What happened before counts, too.
    The exit code is 0 once it is as expected, and 1 after the timeout; the difference is shown. For example:

    sms-sandbox wait callbacks --method dlr --code ok --timeout 30s
    """
    from ..control.shapes.traffic import WaitResult  # here, because --help does not need it

    body = _expectation(client, subject, given) | {"timeout_seconds": timeout}
    result = client.read(WaitResult, "POST", "/wait", body)
    entries = reversed(result.entries if result.ok else result.seen)
    lines = [_as_expected(result.found) if result.ok else result.difference, *map(format_line, entries)]
    return Answer(result, "\n".join(lines), ok=result.ok)


def _as_expected(number: int) -> str:
    return f"As expected: {count(number, 'match', 'matches')}."


def read_filters(client: "Client", given: dict[str, Any]) -> dict[str, Any]:
    """Return the filters that options gave, without those left out. Times are as control takes them."""
    times = {name: before_now(client, given.pop(name)) for name in ("since", "until") if name in given}
    return {name: value for name, value in (given | times).items() if value is not None}


def _expectation(client: "Client", subject: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return the expectation that options gave, as control takes it. Raises click.UsageError."""
    params = dict(_parameter(written) for written in given.pop("params"))
    counts = {name: value for name in ("count", "at_least", "at_most") if (value := given.pop(name)) is not None}
    if "count" in counts and len(counts) > 1:
        raise click.UsageError("Give either --count, or --at-least and --at-most.")
    return {"of": subject, "where": read_filters(client, given), "params": params, **counts}


def _parameter(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        raise click.UsageError(f"--param takes NAME=VALUE, not {written!r}.")
    return name, value
