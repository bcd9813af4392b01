"""Commands that are imported when they are called, so that `serve` and `--help` start fast."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from ..client.errors import SandboxError, explain_missing_library
from .errors import CommandError

_INTERRUPTED = 130
"""Exit code after Ctrl-C, as in shells. 1 would be the answer "no" of `wait` or `verify`."""

_MAX_SHORT_HELP = 80
"""Longest description of a command in the help of the group."""


class LazyGroup(click.Group):
    """A group that imports a command when it is called.

    `sections` are those of its help. Each maps names to a module of this package and a function in it. Errors of
    clients, and a library of the server that is not installed, end a command with one line.
    """

    def __init__(self, *args: Any, sections: Mapping[str, Mapping[str, tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections
        self._lazy = {name: place for section in sections.values() for name, place in section.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, name = self._lazy[cmd_name]
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that was called. The error for an unknown one names those that look like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as why:
            near = get_close_matches(args[0], self.list_commands(ctx))
            if not near:
                raise
            raise click.UsageError(f"{why.message} Did you mean {' or '.join(near)}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in their sections, in columns of the same width."""
        width = max(map(len, self._lazy))
        for title, names in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), self._short_help(ctx, name)) for name in names])

    def _short_help(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        assert command is not None
        return command.get_short_help_str(_MAX_SHORT_HELP)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(err=True)  # the terminal shows ^C at the start of the line
            ctx.exit(_INTERRUPTED)
        except SandboxError as why:
            raise CommandError(str(why)) from why
        except ModuleNotFoundError as why:
            raise CommandError(explain_missing_library(why, "This command")) from why
