"""`sms-sandbox env`: prints the environment that an app needs."""

import os
from pathlib import Path
from typing import Any

import click

from ..settings import Settings, is_loopback, reachable_name
from .connection import CONNECTION_HELP
from .errors import CommandError
from .options import read_settings, settings_of


@click.command()
@click.option(
    "--shell", type=click.Choice(("bash", "powershell", "dotenv", "github")), default="bash", show_default=True,
    help="Syntax to print.",
)  # fmt: skip
@settings_of("certs", "cert_host", "host", "https_port", "account", "ready_file", words=CONNECTION_HELP)
def env(shell: str, ready_file: str | None, **given: Any) -> None:
    """Print environment variables for apps.

    With them, clients find the sandbox and trust its certificate. In a shell: eval "$(sms-sandbox env)"
    """
    # Here, because --help does not need it.
    from ..client import discovery, environment

    settings = read_settings(given)
    try:
        if ready_file is not None:
            where = discovery.read_ready_file(ready_file)
            ca, ca_bundle, url = Path(where.ca), Path(where.ca_bundle), where.https
            key, secret = where.key, where.secret
        else:
            if settings.account == Settings().account and not is_loopback(settings.host):
                raise click.UsageError(
                    f"A server on {settings.host} makes up its secret; --ready-file reads it, or --account gives one."
                )
            ca, ca_bundle = _make_certificates(settings)
            url = f"https://{reachable_name(settings.host)}:{settings.https_port}"
            key, secret = settings.pairs[0]
        variables = environment.variables(ca, ca_bundle, url, key, secret, os.environ)
        click.echo(environment.render(variables, shell), nl=False)
    except ValueError as why:
        raise click.UsageError(str(why)) from why


def _make_certificates(settings: Settings) -> tuple[Path, Path]:
    """Return the paths of the CA and of the bundle, and create them if they are not there."""
    from ..server import certificates  # here, because a ready file needs no server

    try:
        files = certificates.ensure(Path(settings.certs), settings.cert_host)
    except certificates.CertificateError as why:
        raise CommandError(str(why)) from why
    return files.ca, files.ca_bundle
