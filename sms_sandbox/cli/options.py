"""Options that commands share: those of settings, those that lead to a running sandbox, and spans of time."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import click

from ..settings import Settings, flag, variable

HELPERS_WORDS = {
    "host": "Address the sandbox listens on.",
    "http_port": "Its port for the page and the control API.",
    "ready_file": "The file it wrote by its own --ready-file, which says where it is.",
    "account": "On whose behalf: an account of the sandbox.",
    "control_token": "Its control token, where it asks for one.",
}
"""What settings of the server mean to a command that talks to it."""


def setting(name: str, sentence: str | None = None) -> Callable[[Any], Any]:
    """The option of a setting: its flag, environment variable, default and sentence."""
    found = next(each for each in fields(Settings) if each.name == name)
    meta, default = found.metadata, found.default
    assert default is not MISSING
    multiple = isinstance(default, tuple)
    if meta.get("choices"):
        kind: Any = click.Choice(meta["choices"])
    else:
        kind = meta.get("kind") or (type(default) if isinstance(default, (bool, int, float)) else str)
    return click.option(
        flag(name), name, type=kind, default=default, multiple=multiple, is_flag=isinstance(default, bool),
        envvar=variable(name), show_envvar=True, show_default=default not in ((), None, False),
        help=sentence or meta["help"], metavar=meta.get("metavar"),
    )  # fmt: skip


def settings_of(*names: str, words: Mapping[str, str] | None = None) -> Callable[[Any], Any]:
    """The options of several settings, with other words where they mean something else."""

    def add(command: Any) -> Any:
        for name in reversed(names):
            command = setting(name, (words or {}).get(name))(command)
        return command

    return add


CLIENT = ("host", "http_port", "ready_file", "account", "control_token")


UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(span: str) -> float:
    """A span of time such as 30s, 5m, 24h or 3d, in seconds; a bare number is seconds."""
    digits = span.rstrip("smhd")
    unit = span[len(digits) :] or "s"
    try:
        value = float(digits) * UNITS[unit]
    except (ValueError, KeyError):
        raise click.UsageError(f"{span!r} is no span of time; write 30s, 5m, 24h or 3d.") from None
    if not 0 <= value < 4e9:
        raise click.UsageError(f"{span!r} is too long a span of time.")
    return value
