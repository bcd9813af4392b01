"""`sms-sandbox ready`: checks that the sandbox is ready."""

import time
from typing import TYPE_CHECKING

import click

from ..client.errors import SandboxError
from .answers import Answer, answers
from .connection import CONNECTION_HELP
from .errors import NOBODY_ANSWERS, CommandError
from .options import Span, settings_of

if TYPE_CHECKING:
    from ..client.control import Client

_CHECK_TIMEOUT_SECONDS = 2.0

_CHECK_PAUSE_SECONDS = 0.05


@click.command()
@click.option("--wait", is_flag=True, help="Wait until it is ready, or until the timeout.")
@click.option(
    "--timeout",
    type=Span(),
    default="30s",
    show_default=True,
    metavar="SPAN",
    help="Longest time to wait, such as 30s or 2m.",
)
@settings_of("host", "http_port", "ready_file", words=CONNECTION_HELP)
@answers
def ready(host: str, http_port: int, ready_file: str | None, wait: bool, timeout: float) -> Answer:
    """Check that the sandbox is ready.

    The exit code is 0 if it is ready, and 1 if not.
    """
    until = time.monotonic() + timeout
    while True:
        left = until - time.monotonic() if wait else _CHECK_TIMEOUT_SECONDS
        try:
            # The ready file may not be there yet, so it is read each time.
            client = _client(host, http_port, ready_file)
            try:
                http = client.where.http
                client.check_ready(max(0.1, min(left, _CHECK_TIMEOUT_SECONDS)))
            finally:
                client.close_connections()
        except SandboxError as why:
            if not wait or time.monotonic() >= until:
                raise CommandError(f"The sandbox is not ready. {why}{'' if why.status else NOBODY_ANSWERS}") from why
            time.sleep(_CHECK_PAUSE_SECONDS)
        else:
            return Answer({"ready": True, "http": http}, "ready")


def _client(host: str, http_port: int, ready_file: str | None) -> "Client":
    from ..client.control import Client  # here, because --help needs no client
    from ..client.discovery import control_address, find_server

    http = "" if ready_file else control_address(host, http_port)
    return Client(find_server(ready_file=ready_file, http=http))
