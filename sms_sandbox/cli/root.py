"""The command `sms-sandbox` and the list of its subcommands."""

import click

from .. import __version__
from .lazy_group import LazyGroup

COMMANDS = {
    "account": ("account", "account"),
    "callbacks": ("callbacks", "callbacks"),
    "clock": ("clock", "clock"),
    "env": ("env", "env"),
    "export": ("tenant", "export"),
    "fault": ("fault", "fault"),
    "fire-callback": ("fire_callback", "fire_callback"),
    "import": ("tenant", "import_"),
    "inbound": ("inbound", "inbound"),
    "messages": ("messages", "messages"),
    "ready": ("ready", "ready"),
    "replay": ("tenant", "replay"),
    "resend": ("callbacks", "resend"),
    "reset": ("tenant", "reset"),
    "rule": ("rule", "rule"),
    "scenarios": ("scenarios", "scenarios"),
    "send": ("send", "send"),
    "serve": ("serve", "serve"),
    "tail": ("tail", "tail"),
    "verify": ("expectations", "verify"),
    "wait": ("expectations", "wait"),
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
