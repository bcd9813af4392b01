"""`sms-sandbox rule`: adds, lists and removes carrier rules."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from ..domain.scenarios import catalogue
from .answers import Answer
from .connection import with_client
from .match_options import body_of, match_options
from .options import NamedArgument
from .terminal import count
from .times import format_time

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.carrier_rules import Rule


@click.group()
def rule() -> None:
    """Choose scenarios for messages, by carrier rules.

    The first rule that matches a message decides.
    """


def _complete_scenario(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the names of scenarios that begin with what was typed."""
    names = (str(each["name"]) for each in catalogue(timedelta()))
    return [name for name in names if name.startswith(incomplete)]


@rule.command()
@click.argument("scenario", shell_complete=_complete_scenario)
@match_options
@click.option(
    "--option", "options", multiple=True, metavar="NAME=VALUE",
    help="Option of the scenario, such as text='No thanks' or mix=delivered:0.9,slow:0.1. May be repeated.",
)  # fmt: skip
@with_client
def add(client: "Client", scenario: str, options: tuple[str, ...], **given: Any) -> Answer:
    """Add a rule: messages that match get SCENARIO.

    `sms-sandbox scenarios` lists the scenarios. For example:

    sms-sandbox rule add soft-bounce --to '6149157*' --count 3
    """
    from ..control.shapes.carrier_rules import Rule  # here, because --help does not need it

    body = {**body_of(given), "scenario": scenario, "options": dict(map(_option, options))}
    rule = client.read(Rule, "POST", "/rules", body)
    return Answer(rule, f"Added rule {_describe_rule(rule)}.")


def _option(written: str) -> tuple[str, Any]:
    """Return the name and the value of an option of a scenario. Raises click.UsageError."""
    name, equals, value = written.partition("=")
    try:
        if name == "after_seconds":
            return name, float(value)
        if name == "mix":
            return name, {
                scenario: float(share) for scenario, _, share in (part.partition(":") for part in value.split(","))
            }
    except ValueError:
        raise click.UsageError(f"{written!r} needs a number.") from None
    if not equals:
        raise click.UsageError(f"{written!r} is not an option; write it as text='No thanks'.")
    return name, value


@rule.command("list")
@with_client
def list_(client: "Client") -> Answer:
    """List the rules in the order they are checked."""
    from ..control.shapes.carrier_rules import Rules  # here, because --help does not need it

    rules = client.read(Rules, "GET", "/rules")
    return Answer(rules, "\n".join(map(_describe_rule, rules.rules)) or "There are no rules.")


def _describe_rule(rule: "Rule") -> str:
    """Return a rule as one line."""
    from msgspec import to_builtins

    match = ", ".join(f"{name} {value}" for name, value in to_builtins(rule.match).items()) or "any message"
    options = "".join(f", {name} {json.dumps(value)}" for name, value in to_builtins(rule.options).items())
    turns = "".join(
        f", {words}"
        for words, is_set in (
            (f"from match {rule.nth} on", rule.nth > 1),
            (f"share {rule.share:g}", rule.share < 1),
            (f"until {format_time(rule.until)} UTC" if rule.until else "", rule.until is not None),
            (f"{rule.remaining} left", rule.remaining is not None),
            ("switched off", not rule.enabled),
        )
        if is_set
    )
    return f"{rule.id}  {match}: {rule.scenario}{options}{turns}"


@rule.command()
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...", cls=NamedArgument)
@click.option("--all", "every", is_flag=True, help="Remove all rules.")
@with_client
def remove(client: "Client", ids: tuple[int, ...], every: bool) -> Answer:
    """Remove the rules with these IDs, or all rules."""
    if bool(ids) == every:
        raise click.UsageError("Say which: IDs, as `sms-sandbox rule list` shows them, or --all.")
    for each in ids or ("",):
        client.control("DELETE", f"/rules/{each}".rstrip("/"))
    return Answer({"removed": ids or "all"}, f"Removed {count(len(ids), 'rule')}." if ids else "Removed all rules.")
