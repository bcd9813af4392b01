"""`sms-sandbox fault`: lets calls of the API and callbacks go wrong, and stops that again."""

import json
from collections.abc import Mapping
from typing import Any

import click

from ..calling import control
from ..domain.faults import API, CALLBACK, EFFECTS, EVENTS, WORDS
from .options import CLIENT, HELPERS_WORDS, seconds, settings_of

EFFECT = (*EFFECTS[API], *EFFECTS[CALLBACK])
MATCH = ("to", "sender", "text", "key")


@click.group()
def fault() -> None:
    """Let something go wrong on purpose: with calls of the API, or with callbacks."""


def words(name: str) -> click.Choice[str]:
    return click.Choice([str(word) for word in WORDS[name]])


@fault.command()
@click.option(
    "--on", type=click.Choice(tuple(EFFECTS)), help="Calls of the API (unless other options tell), or callbacks."
)
@click.option("--method", metavar="NAME", help="Only calls of this method, as send-sms.")
@click.option("--event", type=click.Choice(EVENTS), help="Only callbacks that tell of this.")
@click.option("--to", metavar="MSISDN", help="Only for a handset, a prefix (6149157*) or a range (614…100-614…199).")
@click.option("--sender", metavar="WORD", help="Only from this sender.")
@click.option("--text", metavar="TEXT", help="Only where the text has this in it.")
@click.option("--key", metavar="KEY", help="Only for the account of this key.")
@click.option("--error", metavar="CODE", help="Refuse the call with a code, as LEDGER_ERROR or OVER_LIMIT.")
@click.option("--status", type=words("status"), help="Answer with a bare page of a web server.")
@click.option("--body", type=words("body"), help="Do what is asked, and spoil the answer.")
@click.option("--connection", type=words("connection"),
              help="Never answer; reset the connection; or do what is asked and then reset it.")  # fmt: skip
@click.option("--callback", type=words("callback"), help="What happens to the callback.")
@click.option("--delay", metavar="SPAN", help="How late: 2s; anything from 100ms..2s; or log-normal, as 300ms~0.8.")
@click.option("--nth", type=click.IntRange(1), help="From this one on, counted from 1.")
@click.option("--count", type=click.IntRange(1), help="So many times; without, until it is cleared.")
@click.option("--share", type=float, metavar="PART", help="To a part of them, as 0.2; the seed picks.")
@click.option("--for", "for_", metavar="SPAN", help="For so long, by the clock of the account's world.")
@click.option("--first", is_flag=True, help="Ask it before the faults there are, not after them.")
@settings_of(*CLIENT, words=HELPERS_WORDS)
def add(on: str | None, delay: str | None, for_: str | None, **given: Any) -> None:
    """Let something go wrong: say what by one of --error, --status, --body, --connection and --callback, by --delay,
    or by both.

    sms-sandbox fault add --method send-sms --error LEDGER_ERROR --count 1
    """
    where = {name: given.pop(name) for name in CLIENT}
    match = {name: value for name in MATCH if (value := given.pop(name)) is not None}
    body = {name: value for name, value in given.items() if value is not None}
    if "status" in body:
        body["status"] = int(body["status"])
    if delay is not None:
        body["delay"] = delay_of(delay)
    if for_ is not None:
        body["for_seconds"] = seconds(for_)
    body["on"] = on or (CALLBACK if {"callback", "event"} & body.keys() else API)
    click.echo(json.dumps(control("POST", "/faults", {**body, "match": match}, **where), indent=2))


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
