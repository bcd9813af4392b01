"""The answer of a command: sentences for people, or JSON for programs."""

import json
import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from .errors import CommandError
from .options import plain_name
from .terminal import has_colour

_JSON_OPTION = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


TYPES = {"int": "a whole number", "float": "a number", "str": "a text"}

_COMPARED = {None: "", " >=": " of at least", " <=": " of at most", " >": " above", " <": " below"}
"""Words for how control compares a value to a limit."""


class Answer(NamedTuple):
    """The result of a command. `data` is printed as JSON, `text` for people, and `ok` decides the exit code.

    `error` is one line for stderr.
    """

    data: Any
    text: str
    ok: bool = True
    error: str = ""


def answers(command: Callable[..., Answer]) -> Callable[..., None]:
    """Print what a command returns, as JSON with `--json`."""

    @wraps(command)
    def run(*args: Any, as_json: bool, **given: Any) -> None:
        answer = command(*args, **given)
        if as_json:
            click.echo(to_json(answer.data))
        elif answer.text:
            click.echo(answer.text, color=has_colour())
        if answer.error:
            raise CommandError(answer.error)
        if not answer.ok:
            click.get_current_context().exit(1)

    decorated: Callable[..., None] = _JSON_OPTION(run)
    return decorated


def to_json(data: Any) -> str:
    """Return data as indented JSON, structs of control too."""
    from msgspec import to_builtins  # here, because --help does not need it

    return json.dumps(to_builtins(data), indent=2, ensure_ascii=False)


def name_flags(message: str, command: click.Command) -> str:
    """Return a refusal with a command's flags in place of a request's fields.

    Control says "Expected `int` - at `$.match.count`." or "`to` must have a time zone.".
    """
    names = {each.name.rstrip("_"): _spelling(each) for each in command.params if each.name}

    def find(path: str) -> str | None:
        parts = (
            part if part in names else part.removesuffix("_seconds") for part in reversed(re.findall(r"\w+", path))
        )
        return next((names[part] for part in parts if part in names), None)

    about = re.search(r" - at `(?:key in )?\$([^`]*)`", message)
    if about and (flag := find(about[1])):
        message = f"{flag}: {message.replace(about[0], '')}"
    message = re.sub("`(int|float|str)`( [<>]=?)?", lambda match: TYPES[match[1]] + _COMPARED[match[2]], message)
    # In the middle of a sentence the same word may mean something else, for example an option of a scenario.
    return re.sub(r"^`(\w+)`", lambda match: find(match[1]) or match[0], message)


def name_value(message: str, ctx: click.Context) -> str:
    """Return a refusal that begins with the flag whose value it quotes."""
    quoted = set(re.findall(r"'([^']*)'", message))
    flags = [
        _spelling(each)
        for each in ctx.command.params
        if each.name and not quoted.isdisjoint(_values_of(ctx.params.get(each.name))) and _was_typed(each.name, ctx)
    ]
    return f"{flags[0]}: {message}" if len(flags) == 1 and not message.startswith(flags[0]) else message


def _values_of(value: Any) -> set[str]:
    return set(map(str, value)) if isinstance(value, (list, tuple)) else {str(value)}


def _was_typed(name: str, ctx: click.Context) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _spelling(parameter: click.Parameter) -> str:
    """Return how a person gives a parameter: its flag, or the name of an argument in the help."""
    if isinstance(parameter, click.Argument):
        return plain_name(parameter)
    return max(parameter.opts, key=len)


def pad_table(rows: Sequence[tuple[str, ...]], head: tuple[str, ...]) -> str:
    """Return rows under a head, in columns of equal width."""
    lines = [head, *rows]
    widths = [max(len(row[column]) for row in lines) for column in range(len(head))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in lines)
    return "\n".join(map(str.rstrip, padded))
