"""Options that are settings, and spans of time."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import click

from ..settings import Settings, SettingsError, flag, variable

PATHS = ("PATH", "DIR")
"""Metavars of settings that are files or folders. A shell completes their values."""

_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}

_MAX_SPAN_SECONDS = 4e9


def setting(name: str, sentence: str | None = None) -> Callable[[Any], Any]:
    """Return the option of a setting: its flag, environment variable, default and help."""
    chosen = next(each for each in fields(Settings) if each.name == name)
    meta, default = chosen.metadata, chosen.default
    assert default is not MISSING
    multiple = isinstance(default, tuple)
    if meta.get("choices"):
        kind: Any = click.Choice(meta["choices"])
    else:
        kind = (
            meta.get("kind")
            or (click.Path() if meta.get("metavar") in PATHS else None)
            or (type(default) if isinstance(default, (bool, int, float)) else str)
        )
    return click.option(
        flag(name), name, type=kind, default=default, multiple=multiple, is_flag=isinstance(default, bool),
        envvar=variable(name), show_envvar=True, show_default=default not in ((), None, False),
        help=sentence or meta["help"], metavar=meta.get("metavar"),
    )  # fmt: skip


def settings_of(*names: str, words: Mapping[str, str] | None = None) -> Callable[[Any], Any]:
    """Return a decorator that adds the options of several settings. `words` are other help texts."""

    def add(command: Any) -> Any:
        for name in reversed(names):
            command = setting(name, (words or {}).get(name))(command)
        return command

    return add


def read_settings(given: Mapping[str, Any]) -> Settings:
    """Return the settings that options gave. Raises click.UsageError."""
    try:
        return Settings(**given)
    except SettingsError as why:
        raise click.UsageError(str(why)) from why


class Span(click.ParamType[float]):
    """A span of time, as seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds. An error names the flag."""
        if isinstance(value, (int, float)):
            return value
        try:
            return seconds(value)
        except click.UsageError as why:
            self.fail(why.message, param, ctx)


class Whole(click.ParamType[int]):
    """A whole number between two limits, which errors tell in words."""

    name = "whole number"

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least, self._most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        if number < self._least or (self._most is not None and number > self._most):
            limits = f"at least {self._least}" if self._most is None else f"from {self._least} to {self._most}"
            self.fail(f"{number} is not {limits}.", param, ctx)
        return number


class NamedArgument(click.Argument):
    """An argument that errors call by its name, without brackets and dots."""

    def get_error_hint(self, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the name for an error."""
        return f"'{plain_name(self)}'"


def plain_name(argument: click.Argument) -> str:
    """Return the name of an argument in the help, without marks."""
    return (argument.metavar or argument.name or "").strip("[].").upper()


def seconds(span: str) -> float:
    """Return a span (30s, 5m, 24h, 3d) in seconds. A bare number is seconds. Raises click.UsageError."""
    digits = span.rstrip("smhd")
    unit = span[len(digits) :] or "s"
    try:
        value = float(digits) * _UNIT_SECONDS[unit]
    except (ValueError, KeyError):
        raise click.UsageError(f"{span!r} is not a span of time; write 30s, 5m, 24h or 3d.") from None
    if not 0 <= value < _MAX_SPAN_SECONDS:
        raise click.UsageError(f"{span!r} is too long, or negative.")
    return value
