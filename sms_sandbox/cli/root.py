"""The command `sms-sandbox` and the list of its subcommands."""

import click

from .. import __version__
from .lazy_group import LazyGroup

COMMANDS = {
    "advance": ("advance", "advance"),
    "env": ("env", "env"),
    "export": ("tenant", "export"),
    "fault": ("fault", "fault"),
    "fire-callback": ("fire_callback", "fire_callback"),
    "import": ("tenant", "import_"),
    "inbound": ("inbound", "inbound"),
    "ready": ("ready", "ready"),
    "replay": ("tenant", "replay"),
    "reset": ("tenant", "reset"),
    "rule": ("rule", "rule"),
    "scenarios": ("scenarios", "scenarios"),
    "serve": ("serve", "serve"),
    "tail": ("tail", "tail"),
}
"""Module and function of each command."""


@click.group(
    cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, prog_name="sms-sandbox")
def main() -> None:
    """Run a local sandbox of the TransmitSMS SMS REST API.

    The API is also known as Burst SMS and as Kudosity V1.
    """
