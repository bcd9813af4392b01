"""The command `sms-sandbox` and the list of its subcommands."""

import click

from .. import __version__
from .lazy_group import LazyGroup

_SECTIONS = {
    "Run it": {
        "serve": ("serve", "serve"),
        "ready": ("ready", "ready"),
        "open": ("open_page", "open_page"),
        "env": ("env", "env"),
        "doctor": ("doctor", "doctor"),
    },
    "Send, and see what happened": {
        "send": ("send", "send"),
        "inbound": ("inbound", "inbound"),
        "tail": ("tail", "tail"),
        "messages": ("messages", "messages"),
        "message": ("message", "message"),
        "callbacks": ("callbacks", "callbacks"),
        "resend": ("callbacks", "resend"),
        "report": ("report", "report"),
        "verify": ("expectations", "verify"),
        "wait": ("expectations", "wait"),
    },
    "Time and trouble": {
        "clock": ("clock", "clock"),
        "scenarios": ("scenarios", "scenarios"),
        "rule": ("rule", "rule"),
        "fault": ("fault", "fault"),
        "fire-callback": ("fire_callback", "fire_callback"),
    },
    "Accounts and tenants": {
        "account": ("account", "account"),
        "tenant": ("tenants", "tenant"),
        "reset": ("documents", "reset"),
        "export": ("documents", "export"),
        "import": ("documents", "import_"),
        "replay": ("documents", "replay"),
    },
    "This program": {
        "completion": ("completion", "completion"),
    },
}
"""Module and function of each command, in the sections of the help."""

COMMANDS = {name: place for section in _SECTIONS.values() for name, place in section.items()}


@click.group(
    cls=LazyGroup,
    sections=_SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="sms-sandbox")
def main() -> None:
    """Run a local sandbox of the TransmitSMS SMS REST API.

    The API is also known as Burst SMS and as Kudosity V1.
    """
