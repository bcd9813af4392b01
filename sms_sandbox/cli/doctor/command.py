"""The command `sms-sandbox doctor`."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from ...client.errors import SandboxError
from ..answers import Answer
from ..connection import with_client
from ..terminal import count
from .findings import Finding, format_findings, note, wrong

if TYPE_CHECKING:
    from ...client.control import Client
    from ...control.shapes.info import Info


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
    from ..refusals import describe_refused  # here, as all these, because --help needs none of them
    from . import callbacks, certificate, server, shell
    from .languages import ENV_GUIDE, check_languages

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
        mend = _describe_trust(info, client.where.http)
        https = client.where.https or info.https.replace("//127.0.0.1:", "//localhost:")
        is_clock_right = all(each.status == "ok" for each in findings if each.about == "machine time")
        checked = certificate.check_certificate(https, ca, is_clock_right=is_clock_right)
        yield checked.finding
        if not checked.is_foreign:
            yield from server.check_ca_file(info.ca, ca, mend)
        yield server.check_tenant_clock(client)
        if not checked.is_foreign:
            yield from shell.check_ca_variables(os.environ, ca, mend)
        yield from shell.check_url_variables(os.environ, https, mend)
        yield from shell.check_proxies(urls | {"https": https}, mend)
        if languages and checked.finding.status == "wrong":
            yield note("languages", "They are not tried, because none can trust this certificate.")
        elif languages:
            are_told = any(os.environ.get(name) for name in shell.CA_VARIABLES)
            guide = ENV_GUIDE if Path(info.ca).exists() else "that page says"
            yield from check_languages(f"{https}/livez", mend, guide, are_told=are_told)
        if callback_url is not None:
            yield callbacks.check_url(client, info, callback_url)
        else:
            yield from callbacks.check_account(client)
    except SandboxError as why:
        yield wrong("control", describe_refused(why, client), _advise(why, client.where.http))


def _describe_trust(info: "Info", http: str) -> str:
    """Return how an app comes to trust the sandbox: by variables, or by a file if it runs on another machine."""
    if not Path(info.ca).exists():
        return (
            f"Get it with `curl -o ca.pem {http}/_sandbox/ca.pem`, and let your app trust that file:\n"
            f"{http}/_sandbox/docs/shared.md#trust-the-certificate says how, language by language."
        )
    return _MEND.format(shlex.join(getattr(info, "env_command", ["sms-sandbox", "env"])))


def _advise(why: SandboxError, http: str) -> str:
    """Return what to do about a refusal by control."""
    from ..refusals import CREDENTIALS

    if why.code == "unauthorised":
        return f"Give {CREDENTIALS}."
    if why.code == "forbidden":
        host = urlsplit(http).hostname
        return f"Call the sandbox by another name with --host, or start it with --cert-host {host}."
    return "Look at the log of the sandbox. It says more."
