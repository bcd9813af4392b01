"""The options that lead to a running sandbox, and a client of it."""

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ..settings import Settings
from .options import read_settings, settings_of

if TYPE_CHECKING:
    from ..client.control import Client

CONNECTION = ("host", "http_port", "ready_file", "account", "control_token")

CONNECTION_HELP = {
    "host": "Address that the sandbox listens on.",
    "http_port": "Port of its control API.",
    "ready_file": "Ready file of the sandbox, which says where it is. Start `serve` with the same flag.",
    "account": "Account of the sandbox to act as.",
    "control_token": "Control token of the sandbox, if it asks for one.",
}
"""Help for settings of the server where they mean the server to talk to."""


def with_client(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that lead to a running sandbox. The command gets a client of it."""

    @wraps(command)
    def run(*args: Any, **given: Any) -> None:
        client = _connect(**{name: given.pop(name) for name in CONNECTION})
        try:
            command(client, *args, **given)
        finally:
            client.close_connections()

    decorated: Callable[..., None] = settings_of(*CONNECTION, words=CONNECTION_HELP)(run)
    return decorated


def print_json(data: Any) -> None:
    """Print JSON for people."""
    click.echo(json.dumps(data, indent=2))


def _connect(
    *, host: str, http_port: int, ready_file: str | None, account: tuple[str, ...], control_token: str | None
) -> "Client":
    from ..client.control import Client  # here, because --help needs no client
    from ..client.discovery import control_address, find_server

    key = secret = None
    # Without credentials a call acts on the default tenant, whichever its key is.
    if account != Settings().account:
        (key, secret), *_ = read_settings({"account": account}).pairs
    http = "" if ready_file else control_address(host, http_port)
    where = find_server(ready_file=ready_file, http=http, key=key, secret=secret, token=control_token)
    return Client(where, timeout=None)
