"""`sms-sandbox fault`: lets calls of the API and callbacks go wrong, and stops that again."""

import json
from collections.abc import Mapping
from typing import Any

import click

from ..client.command_client import control
from ..domain.faults import API, CALLBACK, EFFECT_VALUES, EFFECTS, EVENTS
from .match_options import body_of, matching
from .options import CLIENT, HELPERS_WORDS, seconds, settings_of

EFFECT = (*EFFECTS[API], *EFFECTS[CALLBACK])


@click.group()
def fault() -> None:
    """Let something go wrong on purpose: with calls of the API, or with callbacks."""


def words(name: str) -> click.Choice[str]:
    return click.Choice([str(word) for word in EFFECT_VALUES[name]])


@fault.command()
@click.option(
    "--on", type=click.Choice(tuple(EFFECTS)), help="Calls of the API (unless other options tell), or callbacks."
)
@click.option("--method", metavar="NAME", help="Only calls of this method, as send-sms.")
@click.option("--event", type=click.Choice(EVENTS), help="Only callbacks that tell of this.")
@click.option("--error", metavar="CODE", help="Refuse the call with a code, as LEDGER_ERROR or OVER_LIMIT.")
@click.option("--status", type=words("status"), help="Answer with a bare page of a web server.")
@click.option("--body", type=words("body"), help="Do what is asked, and spoil the answer.")
@click.option("--connection", type=words("connection"),
              help="Never answer; reset the connection; or do what is asked and then reset it.")  # fmt: skip
@click.option("--callback", type=words("callback"), help="What happens to the callback.")
@click.option("--delay", metavar="SPAN", help="How late: 2s; anything from 100ms..2s; or log-normal, as 300ms~0.8.")
@matching
@settings_of(*CLIENT, words=HELPERS_WORDS)
def add(on: str | None, delay: str | None, **given: Any) -> None:
    """Let something go wrong: say what by one of --error, --status, --body, --connection and --callback, by --delay,
    or by both.

    sms-sandbox fault add --method send-sms --error LEDGER_ERROR --count 1
    """
    where = {name: given.pop(name) for name in CLIENT}
    body = body_of(given)
    if "status" in body:
        body["status"] = int(body["status"])
    if delay is not None:
        body["delay"] = delay_of(delay)
    body["on"] = on or (CALLBACK if {"callback", "event"} & body.keys() else API)
    click.echo(json.dumps(control("POST", "/faults", body, **where), indent=2))


def delay_of(written: str) -> Mapping[str, float]:
    """The delay that is meant by `2s`, `100ms..2s` or `300ms~0.8`."""
    low, dots, high = written.partition("..")
    if dots:
        return {"from": seconds(low), "to": seconds(high)}
    median, wave, sigma = written.partition("~")
    if not wave:
        return {"seconds": seconds(written)}
    try:
        return {"median": seconds(median), "sigma": float(sigma)}
    except ValueError:
        raise click.UsageError(f"{sigma!r} is no spread; write a number, as in 300ms~0.8.") from None


@fault.command("list")
@settings_of(*CLIENT, words=HELPERS_WORDS)
def list_(**where: Any) -> None:
    """List the faults there are, in the order they are asked."""
    for each in control("GET", "/faults", None, **where)["faults"]:
        click.echo(line(each))


def line(each: Mapping[str, Any]) -> str:
    """A fault in one line."""
    what = [f"{name} {each[name]}" for name in EFFECT if each[name] is not None]
    if each["delay"]:
        what.append("delay " + " ".join(f"{name} {value:g}" for name, value in each["delay"].items()))
    which = [each["method"] or each["event"], *(f"{name} {value}" for name, value in each["match"].items())]
    told = ", ".join(part for part in (*which, *what) if part)
    left = "" if each["remaining"] is None else f", {each['remaining']} left"
    until = "" if each["until"] is None else f", until {each['until']}"
    return f"{each['id']}  on {each['on']}: {told}; used {each['used']} of {each['seen']} seen{left}{until}"


@fault.command()
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@settings_of(*CLIENT, words=HELPERS_WORDS)
def clear(ids: tuple[int, ...], **where: Any) -> None:
    """Take faults away: those of these IDs, or all."""
    for each in ids or ("",):
        control("DELETE", f"/faults/{each}".rstrip("/"), None, **where)
