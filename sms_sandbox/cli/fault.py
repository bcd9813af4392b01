"""`sms-sandbox fault`: adds, lists and clears faults."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ..domain.faults import API, CALLBACK, EFFECT_VALUES, EFFECTS, EVENTS
from .answers import Answer
from .connection import with_client
from .match_options import body_of, match_options
from .options import NamedArgument, seconds
from .terminal import count
from .times import format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.faults import Fault

_EFFECT_NAMES = (*EFFECTS[API], *EFFECTS[CALLBACK])


@click.group()
def fault() -> None:
    """Make API calls or callbacks fail on purpose."""


def _choice(effect: str) -> click.Choice[str]:
    return click.Choice([str(value) for value in EFFECT_VALUES[effect]])


def parse_delay(written: str) -> Mapping[str, float]:
    """Return the delay written as `2s`, `100ms..2s` or `300ms~0.8`. Raises click.UsageError."""
    low, dots, high = written.partition("..")
    if dots:
        return {"from": seconds(low), "to": seconds(high)}
    median, tilde, sigma = written.partition("~")
    if not tilde:
        return {"seconds": seconds(written)}
    try:
        return {"median": seconds(median), "sigma": float(sigma)}
    except ValueError:
        raise click.UsageError(f"{sigma!r} is not a spread; write a number, as in 300ms~0.8.") from None


class Delay(click.ParamType[Mapping[str, float]]):
    """A delay, as control takes it."""

    name = "delay"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Mapping[str, float]:
        """Return the delay. An error names the flag."""
        try:
            return parse_delay(value)
        except click.UsageError as why:
            self.fail(why.message, param, ctx)


@fault.command()
@click.option(
    "--on",
    type=click.Choice(tuple(EFFECTS)),
    help="API calls (the default), or callbacks (with --event or --callback).",
)
@click.option("--method", metavar="NAME", help="Only for calls of this method, such as send-sms.")
@click.option("--event", type=click.Choice(EVENTS), help="Only for callbacks of this event.")
@click.option("--error", metavar="CODE", help="Refuse the call with this code, such as LEDGER_ERROR or OVER_LIMIT.")
@click.option("--status", type=_choice("status"), help="Answer with an error page of a web server.")
@click.option("--body", type=_choice("body"), help="Carry out the call, but damage the body of the answer.")
@click.option(
    "--connection",
    type=_choice("connection"),
    help="stall: never answer. reset: reset the connection. lost: carry out the call, then reset the connection.",
)
@click.option(
    "--gateway",
    type=_choice("gateway"),
    help="Answer as the gateway in front of the real API did in 2026: JSON without an error block.",
)
@click.option("--callback", type=_choice("callback"), help="How the callback fails.")
@click.option(
    "--delay", type=Delay(), metavar="SPAN", help="Delay it: 2s is fixed, 100ms..2s is random, 300ms~0.8 is log-normal."
)
@match_options
@with_client
def add(client: "Client", on: str | None, **given: Any) -> Answer:
    """Add a fault.

    Give one of --error, --status, --body, --connection, --gateway and --callback, or --delay, or one of them and
    --delay. For example:

    sms-sandbox fault add --method send-sms --error LEDGER_ERROR --count 1
    """
    from ..control.shapes.faults import Fault  # here, because --help does not need it

    body = body_of(given)
    if "status" in body:
        body["status"] = int(body["status"])
    if not body.keys() & {*_EFFECT_NAMES, "delay"}:
        raise click.UsageError(f"Give an effect: --{', --'.join(_EFFECT_NAMES)} or --delay.")
    body["on"] = on or (CALLBACK if {"callback", "event"} & body.keys() else API)
    fault = client.read(Fault, "POST", "/faults", body)
    return Answer(fault, f"Added fault {_describe_fault(fault)}.")


@fault.command("list")
@with_client
def list_(client: "Client") -> Answer:
    """List the faults in the order they are checked."""
    from ..control.shapes.faults import Faults  # here, because --help does not need it

    faults = client.read(Faults, "GET", "/faults")
    return Answer(faults, "\n".join(map(_describe_fault, faults.faults)) or "There are no faults.")


def _describe_fault(fault: "Fault") -> str:
    """Return a fault as one line."""
    from msgspec import to_builtins

    effects = [f"{name} {value}" for name in _EFFECT_NAMES if (value := getattr(fault, name)) is not None]
    if fault.delay:
        effects.append("delay " + " ".join(f"{name} {value:g}" for name, value in to_builtins(fault.delay).items()))
    match = [f"{name} {value}" for name, value in to_builtins(fault.match).items()]
    words = ", ".join(part for part in (fault.method or fault.event, *match, *effects) if part)
    left = "" if fault.remaining is None else f", {fault.remaining} left"
    until = "" if fault.until is None else f", until {format_time(fault.until)} UTC"
    off = "" if fault.enabled else ", switched off"
    return f"{fault.id}  on {fault.on}: {words}; used {fault.used} of {fault.seen} seen{left}{until}{off}"


@fault.command()
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...", cls=NamedArgument)
@with_client
def clear(client: "Client", ids: tuple[int, ...]) -> Answer:
    """Remove the faults with these IDs, or all faults."""
    for each in ids or ("",):
        client.control("DELETE", f"/faults/{each}".rstrip("/"))
    return Answer({"removed": ids or "all"}, f"Removed {count(len(ids), 'fault')}." if ids else "Removed all faults.")
