"""The command `sms-sandbox` and the list of its subcommands."""

import click

from .. import __version__
from .lazy_group import LazyGroup

COMMANDS = {
    "account": ("account", "account"),
    "callbacks": ("callbacks", "callbacks"),
    "clock": ("clock", "clock"),
    "completion": ("completion", "completion"),
    "doctor": ("doctor", "doctor"),
    "env": ("env", "env"),
    "export": ("documents", "export"),
    "fault": ("fault", "fault"),
    "fire-callback": ("fire_callback", "fire_callback"),
    "import": ("documents", "import_"),
    "inbound": ("inbound", "inbound"),
    "message": ("message", "message"),
    "messages": ("messages", "messages"),
    "open": ("open_page", "open_page"),
    "ready": ("ready", "ready"),
    "replay": ("documents", "replay"),
    "report": ("report", "report"),
    "resend": ("callbacks", "resend"),
    "reset": ("documents", "reset"),
    "rule": ("rule", "rule"),
    "scenarios": ("scenarios", "scenarios"),
    "send": ("send", "send"),
    "serve": ("serve", "serve"),
    "tail": ("tail", "tail"),
    "tenant": ("tenants", "tenant"),
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
