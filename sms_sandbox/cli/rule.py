"""`sms-sandbox rule`: lets scenarios happen to messages of one's choice, and stops that again."""

import json
from collections.abc import Mapping
from typing import Any

import click

from ..client.command_client import control
from .match_options import body_of, matching
from .options import CLIENT, HELPERS_WORDS, settings_of


@click.group()
def rule() -> None:
    """Decide what becomes of messages, by rules. The first rule that fits a message decides."""


@rule.command()
@click.argument("scenario")
@matching
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE",
              help="An option of the scenario, as text='No thanks', or mix=delivered:0.9,slow:0.1.")  # fmt: skip
@settings_of(*CLIENT, words=HELPERS_WORDS)
def add(scenario: str, options: tuple[str, ...], **given: Any) -> None:
    """Let SCENARIO happen; `sms-sandbox scenarios` lists what there is.

    sms-sandbox rule add soft-bounce --to '6149157*' --count 3
    """
    where = {name: given.pop(name) for name in CLIENT}
    body = {**body_of(given), "scenario": scenario, "options": dict(map(option_of, options))}
    click.echo(json.dumps(control("POST", "/rules", body, **where), indent=2))


def option_of(written: str) -> tuple[str, Any]:
    """An option's name and value."""
    name, equals, value = written.partition("=")
    try:
        if name == "after_seconds":
            return name, float(value)
        if name == "mix":
            return name, {each: float(share) for each, _, share in (part.partition(":") for part in value.split(","))}
    except ValueError:
        raise click.UsageError(f"{written!r} has no number where one is needed.") from None
    if not equals:
        raise click.UsageError(f"{written!r} is no option; write it as text='No thanks'.")
    return name, value


@rule.command("list")
@settings_of(*CLIENT, words=HELPERS_WORDS)
def list_(**where: Any) -> None:
    """List the rules there are, in the order they are asked."""
    for each in control("GET", "/rules", None, **where)["rules"]:
        click.echo(line(each))


def line(each: Mapping[str, Any]) -> str:
    """A rule in one line."""
    match = ", ".join(f"{name} {value}" for name, value in each["match"].items()) or "any message"
    options = "".join(f", {name} {json.dumps(value)}" for name, value in each["options"].items())
    turns = "".join(
        f", {word}"
        for word, so in (
            (f"from the {each['nth']}. on", each["nth"] > 1),
            (f"share {each['share']:g}", each["share"] < 1),
            (f"until {each['until']}", each["until"]),
            (f"{each['remaining']} left", each["remaining"] is not None),
        )
        if so
    )
    return f"{each['id']}  {match}: {each['scenario']}{options}{turns}"


@rule.command()
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Take all away.")
@settings_of(*CLIENT, words=HELPERS_WORDS)
def remove(ids: tuple[int, ...], every: bool, **where: Any) -> None:
    """Take rules away: those of these IDs."""
    if bool(ids) == every:
        raise click.UsageError("Say which: either IDs, as `sms-sandbox rule list` tells them, or --all.")
    for each in ids or ("",):
        control("DELETE", f"/rules/{each}".rstrip("/"), None, **where)
