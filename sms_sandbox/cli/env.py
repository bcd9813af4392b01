"""`sms-sandbox env`: prints the environment that an app needs."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..client.errors import SandboxError
from ..settings import Settings, is_loopback, reachable_name
from .answers import Answer, answers
from .connection import CONNECTION_HELP
from .errors import CommandError
from .options import read_settings, settings_of

if TYPE_CHECKING:
    from ..control.shapes.server_info import ServerInfo

SHELLS = ("bash", "powershell", "dotenv", "github")

HELP = CONNECTION_HELP | {
    "certs": "Folder of the sandbox's certificates. If there are none, the running sandbox is asked.",
}


@click.command()
@click.option("--shell", type=click.Choice(SHELLS), default="bash", show_default=True, help="Syntax to print.")
@click.option("--create", is_flag=True, help="Create certificates if the folder has none, without asking a sandbox.")
@settings_of(
    "certs", "cert_host", "host", "https_port", "http_port", "account", "ready_file", "control_token", words=HELP
)
@answers
def env(shell: str, create: bool, **given: Any) -> Answer:
    """Print environment variables for apps.

    With them, clients find the sandbox and trust its certificate. In a shell: eval "$(sms-sandbox env)"
    """
    from ..client import environment  # here, because --help does not need it

    where = _find(create, **given)
    try:
        variables = environment.variables(
            Path(where.ca), Path(where.ca_bundle), where.https, where.key, where.secret, os.environ
        )
        return Answer(variables, environment.render(variables, shell).removesuffix("\n"))
    except ValueError as why:
        raise click.UsageError(str(why)) from why


def _find(create: bool, **given: Any) -> "ServerInfo":
    """Find the sandbox by its ready file, by its certificates, or by asking it."""
    from ..client import discovery  # here, because --help does not need it

    if given["ready_file"] is not None:
        return discovery.read_ready_file(given["ready_file"])
    settings = read_settings(given)
    if create or Path(settings.certs, "ca.pem").exists():
        return _of_folder(settings)
    return _ask(settings)


def _of_folder(settings: Settings) -> "ServerInfo":
    """Describe the server that would use a folder's certificates.

    Missing certificates are created, and old ones renewed.
    """
    from ..control.shapes.server_info import ServerInfo
    from ..server import certificates  # late, because a running server needs no library of it

    if settings.account == Settings().account and not is_loopback(settings.host):
        raise click.UsageError(
            f"A server on {settings.host} generates its secret; --ready-file reads it, or --account gives one."
        )
    try:
        files = certificates.ensure(Path(settings.certs), settings.cert_host)
    except ValueError as why:
        raise click.UsageError(f"--cert-host: {why}") from why
    except certificates.CertificateError as why:
        raise CommandError(f"--certs: {why}") from why
    https = f"https://{reachable_name(settings.host)}:{settings.https_port}"
    return ServerInfo(https, "", str(files.ca), str(files.ca_bundle), *settings.pairs[0])


def _ask(settings: Settings) -> "ServerInfo":
    """Return what the running sandbox says about itself. Raises CommandError."""
    from ..client import discovery
    from ..client.control import Client
    from ..control.shapes.info import Connection
    from .refusals import describe_refusal

    is_chosen = click.get_current_context().get_parameter_source("account") is not ParameterSource.DEFAULT
    http = discovery.control_address(settings.host, settings.http_port)
    key, secret = settings.pairs[0] if is_chosen else (None, None)
    where = discovery.find_server(ready_file=None, http=http, key=key, secret=secret, token=settings.control_token)
    client = Client(where)
    try:
        connection = client.read(Connection, "GET", "/connection")
    except SandboxError as why:
        if why.status:
            raise CommandError(describe_refusal(why, click.get_current_context(), client)) from why
        raise CommandError(
            f"There are no certificates in {settings.certs}, and no sandbox answers at {http}. Start the "
            "sandbox first, name its folder with --certs, or create certificates for its first start with --create."
        ) from why
    finally:
        client.close_connections()
    if not Path(connection.ca).exists():
        raise CommandError(
            f"The certificates of the sandbox at {http} are on another machine. Get the CA's with "
            f"`curl -o ca.pem {http}/_sandbox/ca.pem`, and let your app trust it."
        )
    secret = secret or connection.secret
    if secret is None:
        raise CommandError("This sandbox shows no secret; --ready-file reads it, or --account gives one.")
    return replace(
        where,
        https=connection.https.replace("//127.0.0.1:", "//localhost:"),
        ca=connection.ca,
        ca_bundle=connection.ca_bundle,
        key=key or connection.key,
        secret=secret,
    )
