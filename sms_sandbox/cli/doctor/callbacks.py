"""A check of a callback URL: the server really sends one there."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from ...client.control import Client
from ...control.shapes.accounts import Account
from ...control.shapes.callbacks import Callback, Callbacks
from ...control.shapes.info import Connection, Info
from ...control.shapes.server_info import ServerInfo
from ...control.shapes.tenants import CreatedTenant
from ..callbacks import describe_attempt, show_url
from ..connection import local_ca
from .findings import Finding, note, ok, wrong

HANDSET = "61491570156"

_EXAMPLE_URL = "http://localhost:9000/reports"

URLS = {"dlr_url": "dlr", "reply_url": "reply", "link_hits_url": "link-hit"}
"""The event of each URL of an account."""


def check_url(client: Client, info: Info, url: str) -> Finding:
    """Send one delivery report from the server to a URL. A tenant is made for it, and deleted then."""
    is_remote = isinstance(info, Connection) and info.is_remote
    with local_ca(client, info.ca) as ca:
        return _send(client, replace(client.where, https=info.https, ca=ca), url, is_remote)


def _send(client: Client, where: ServerInfo, url: str, is_remote: bool) -> Finding:
    made = client.read(CreatedTenant, "POST", "/tenants", {"throttle": 0, "frozen_at": "2030-01-31T12:00:00Z"})
    tenant = Client(replace(where, key=made.key, secret=made.secret), timeout=None)
    try:
        sent = tenant.call("send-sms", to=HANDSET, message="A test by the doctor", dlr_callback=url)
        if (error := sent.get("error", {})).get("code") != "SUCCESS":
            return wrong(
                "callbacks",
                f"{url} is not a callback URL: {error.get('description')}",
                f"Give a whole address, such as {_EXAMPLE_URL}.",
            )
        tenant.control("POST", "/clock/advance", {"seconds": 5})
        (callback,) = tenant.read(Callbacks, "GET", "/callbacks").callbacks
        return _describe(callback, is_remote)
    finally:
        tenant.control("DELETE", "/tenants/current")
        tenant.close_connections()


def _describe(callback: Callback, is_remote: bool) -> Finding:
    attempt = callback.attempts[0]
    description = f"{show_url(callback.url)} {describe_attempt(attempt)}."
    if attempt.error is None:
        return ok("callbacks", description)
    if attempt.status is not None:
        return wrong(
            "callbacks", description, "The app must answer with 200 to 299; redirects are not followed. See its log."
        )
    says = f"{show_url(callback.url)} can't be reached: {describe_attempt(attempt)}."
    if (attempt.error or "").startswith("refused"):
        return wrong(
            "callbacks", says, _advise(urlsplit(callback.url).hostname or "HOST", attempt.error or "", is_remote)
        )
    return wrong(
        "callbacks", says,
        "Start the app, or correct the address. It is called from the server's machine: in a container, the app's\n"
        "host is host.docker.internal or the app's service.",
    )  # fmt: skip


def _advise(host: str, reason: str, is_remote: bool) -> str:
    """Return what to do about a callback that the sandbox refuses to send."""
    if "this sandbox itself" in reason:
        return "Give the address of your app, which has another port."
    allow = f"start the sandbox with `serve --callback-host {host}`."
    if is_remote and "a loopback address" in reason:
        return (
            f"{host} is the server's own machine, not yours. Give this machine's address in its network instead;\n"
            f"or if the app runs beside the sandbox, {allow}"
        )
    return f"If it is yours, {allow}"


def check_account(client: Client) -> Iterator[Finding]:
    """Yield how the newest callback to each URL of the account went. Nothing is sent."""
    account = client.read(Account, "GET", "/account")
    for setting, event in URLS.items():
        if not (url := getattr(account, setting)):
            continue
        page = client.read(Callbacks, "GET", "/callbacks", event=event, max=20)
        last = next((each for each in page.callbacks if each.attempts and show_url(each.url) == show_url(url)), None)
        if last is None:
            yield note("callbacks", f"{show_url(url)} has not been called yet.", f"Try it: --callback-url {url}")
        else:
            yield _describe_last(last)


def _describe_last(callback: Callback) -> Finding:
    attempt = callback.attempts[-1]
    description = f"The last {callback.event} to {show_url(callback.url)}: {describe_attempt(attempt)}."
    if attempt.error is None:
        return ok("callbacks", description)
    return wrong(
        "callbacks", description, f"Correct the problem, and send it again: `sms-sandbox resend {callback.id}`."
    )
