"""The options that lead to a running sandbox, and a client of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..client.errors import SandboxError
from .answers import Answer, answers
from .errors import CommandError
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


def with_connection(command: Callable[..., None], *, any_tenant: bool = False) -> Callable[..., None]:
    """Add the options that lead to a running sandbox. A refusal names the flag that it is about.

    The command gets a client of the sandbox, and prints its own output. The client acts on the tenant that `tenant use`
    chose, unless the command is for `any_tenant`.
    """

    @wraps(command)
    def run(*args: Any, **given: Any) -> None:
        client, chosen = _connect(any_tenant=any_tenant, **{name: given.pop(name) for name in CONNECTION})
        try:
            command(client, *args, **given)
        except SandboxError as why:
            from .refusals import describe_refusal  # here, because --help needs no client

            sentence = describe_refusal(why, click.get_current_context(), client)
            if chosen is not None and why.code in ("unauthorised", "not_found"):
                sentence += f" (Tenant {chosen}, as `tenant use` chose; `tenant use --default` ends that.)"
            raise CommandError(sentence) from why
        finally:
            client.close_connections()

    decorated: Callable[..., None] = settings_of(*CONNECTION, words=CONNECTION_HELP)(run)
    return decorated


def with_client(command: Callable[..., Answer]) -> Callable[..., None]:
    """Add the options that lead to a running sandbox, and `--json`. The command gets a client, and returns an answer.

    What it returns is printed as sentences or as JSON.
    """
    return with_connection(answers(command))


def with_server(command: Callable[..., Answer]) -> Callable[..., None]:
    """Add the same options to a command that is about all tenants."""
    return with_connection(answers(command), any_tenant=True)


def _connect(
    *, host: str, http_port: int, ready_file: str | None, account: tuple[str, ...], control_token: str | None,
    any_tenant: bool,
) -> "tuple[Client, str | None]":  # fmt: skip
    """Return a client, and the name of a tenant that `tenant use` chose."""
    from ..client.control import Client  # here, because --help needs no client
    from ..client.discovery import control_address, find_server
    from .remembered_tenant import file_of, read

    key = secret = chosen = None
    http = "" if ready_file else control_address(host, http_port)
    # Without credentials a call acts on the default tenant, whichever its key is.
    if click.get_current_context().get_parameter_source("account") is not ParameterSource.DEFAULT:
        (key, secret), *_ = read_settings({"account": account}).pairs
    elif not any_tenant and (remembered := read(file_of(ready_file, http))) is not None:
        key, secret, chosen = remembered.key, remembered.secret, remembered.name
    where = find_server(ready_file=ready_file, http=http, key=key, secret=secret, token=control_token)
    if chosen and not key:
        where = replace(where, key="", secret="")  # those of a ready file are of another tenant
    return Client(where, timeout=None, tenant=None if key else chosen), chosen


def call_api(client: "Client", method: str, **params: object) -> dict[str, Any]:
    """Call a method of the imitated API, as an app does, and return its JSON. Raises SandboxError."""
    from ..client.control import Client
    from ..control.shapes.info import Connection

    where = client.where
    if not where.key or not where.https:
        connection = client.read(Connection, "GET", "/connection")
        secret = where.secret or connection.secret
        if secret is None:  # where other machines can call; the sandbox then makes the call itself
            reply = client.control(
                "POST", "/calls", {"method": method, "params": {name: str(value) for name, value in params.items()}}
            )["reply"]
            if not isinstance(reply, dict):
                raise SandboxError(f"The answer to {method} is not JSON: {reply!r}.")
            return reply
        where = replace(
            where,
            https=connection.https,
            ca=connection.ca,
            ca_bundle=connection.ca_bundle,
            key=where.key or connection.key,
            secret=secret,
        )
    with local_ca(client, where.ca) as ca, closing_connections(Client(replace(where, ca=ca), timeout=None)) as app:
        return app.call(method, **params)


@contextmanager
def local_ca(client: "Client", path: str) -> Iterator[str]:
    """Give a file with the sandbox's CA: its own, or a copy of it if the sandbox runs on another machine.

    The copy comes by plain HTTP from the port that the account's secret goes to, so it is as trustworthy as that.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    if Path(path).exists():
        yield path
        return
    status, _, content = client.fetch("/_sandbox/ca.pem")
    if status != 200:
        raise SandboxError(f"The CA's certificate can't be downloaded: the answer has the status {status}.")
    with TemporaryDirectory(prefix="sms-sandbox-") as folder:
        file = Path(folder, "ca.pem")
        file.write_bytes(content)
        yield str(file)


@contextmanager
def closing_connections(client: "Client") -> Iterator["Client"]:
    """Close the connections of a client at the end of the block."""
    try:
        yield client
    finally:
        client.close_connections()
