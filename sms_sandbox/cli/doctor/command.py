"""The command `sms-sandbox doctor`."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ...client.errors import SandboxError
from ..answers import Answer
from ..connection import with_client
from ..terminal import count
from .findings import Finding, format_findings, note, wrong

if TYPE_CHECKING:
    from ...client.control import Client


_MEND = 'Run `eval "$({})"` in this shell.'


@click.command()
@click.option("--callback-url", metavar="URL", help="Send one delivery report there from the server, as a test.")
@click.option("--languages/--no-languages", default=True, help="Connect with each language found here, or not.")
@with_client
def doctor(client: "Client", callback_url: str | None, languages: bool) -> Answer:
    """Find out why an app can't use the sandbox.

    It checks the ports, the certificate, the variables of this shell, the clocks, whether each language found here
    trusts the sandbox, and whether callbacks arrive, and says what to do. The exit code is 1 if something is wrong.
    """
    findings = list(_examine(client, callback_url, languages))
    bad = sum(finding.status == "wrong" for finding in findings)
    summary = f"{count(bad, 'thing is', 'things are')} wrong." if bad else "Nothing is wrong."
    lines = [*format_findings(findings), "", summary]
    return Answer({"ok": not bad, "checks": [asdict(each) for each in findings]}, "\n".join(lines), ok=not bad)


def _examine(client: "Client", callback_url: str | None, languages: bool) -> Iterator[Finding]:
    """Yield all findings. Checks that need the server are left out if it does not answer."""
    from . import callbacks, server, shell  # here, because --help needs none of them
    from .languages import check_languages

    findings = list(server.check_server(client))
    yield from findings
    urls = {"http": client.where.http, "https": client.where.https or client.where.http}
    if findings[0].status == "wrong":
        yield from shell.check_proxies(urls, _MEND.format("sms-sandbox env"))
        return
    try:
        info, ca = server.find_addresses(client), server.fetch_ca(client)
        if ca is None:
            yield server.missing_ca(info.ca)
            return
        mend = _MEND.format(shlex.join(getattr(info, "env_command", ["sms-sandbox", "env"])))
        https = client.where.https or info.https.replace("//127.0.0.1:", "//localhost:")
        certificate = server.check_certificate(https, ca)
        yield certificate
        yield from server.check_ca_file(info.ca, ca)
        yield server.check_tenant_clock(client)
        yield from shell.check_ca_variables(os.environ, ca, mend)
        yield from shell.check_url_variables(os.environ, https, mend)
        yield from shell.check_proxies(urls | {"https": https}, mend)
        if languages and certificate.status == "wrong":
            yield note("languages", "They are not tried, because none can trust this certificate.")
        elif languages:
            are_told = any(os.environ.get(name) for name in shell.CA_VARIABLES)
            yield from check_languages(f"{https}/livez", mend, are_told=are_told)
        if callback_url is not None:
            yield callbacks.check_url(client, info, callback_url)
        else:
            yield from callbacks.check_account(client)
    except SandboxError as why:
        yield wrong("control", str(why), "Give the account, the token or the ready file of this sandbox.")
