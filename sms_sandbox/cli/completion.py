"""`sms-sandbox completion`: prints the script that completes commands and flags in a shell."""

import click
from click.shell_completion import get_completion_class

_PROGRAM = "sms-sandbox"

SHELLS = {
    "bash": 'eval "$(sms-sandbox completion bash)"',
    "zsh": 'eval "$(sms-sandbox completion zsh)"',
    "fish": "sms-sandbox completion fish | source",
}
"""The line that switches completion on, for each shell."""


@click.command(
    epilog="\b\nTo switch it on, put this into the file that your shell reads at its start:\n"
    + "\n".join(f"  {shell:5} {line}" for shell, line in SHELLS.items())
)
@click.argument("shell", type=click.Choice(tuple(SHELLS)), metavar="SHELL")
def completion(shell: str) -> None:
    """Print a script that makes the Tab key complete commands."""
    kind = get_completion_class(shell)
    assert kind is not None
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, _PROGRAM, "_SMS_SANDBOX_COMPLETE").source())
