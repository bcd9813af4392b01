"""Errors that end a command with one line on stderr."""

from typing import Any

import click

NOBODY_ANSWERS = " Start it with `sms-sandbox serve`, or ask `sms-sandbox doctor`."
"""The advice for a sandbox that does not answer."""


class CommandError(click.ClickException):
    """The command failed: exit code 1."""

    def show(self, file: Any = None) -> None:  # noqa: ARG002
        """Print the message."""
        click.echo(f"sms-sandbox: {self.message}", err=True)


class InputError(CommandError):
    """The command was given something that can't be used: exit code 2."""

    exit_code = 2
