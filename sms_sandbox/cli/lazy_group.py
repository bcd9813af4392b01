"""Commands that are imported when they are called, so that `serve` and `--help` start fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from ..client.errors import SandboxError
from .errors import CommandError


class LazyGroup(click.Group):
    """A group that imports a command when it is called.

    `lazy` maps each name to a module of this package and a function in it. Errors of clients, and a library of the
    server that is not installed, end a command with one line.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

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

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SandboxError as why:
            raise CommandError(str(why)) from why
        except ModuleNotFoundError as why:
            if (why.name or "").startswith("sms_sandbox"):
                raise
            raise CommandError(
                f"{why.name} is not installed. This command needs the server: pip install 'sms-sandbox[server]'."
            ) from why
