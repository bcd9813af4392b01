"""The endpoint under test: its address, whether it can be used, and a sandbox's control."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import httpx2

from .credentials import Credentials, Secrets

PREFIX = "SMS_SANDBOX_"
START_TIMEOUT_SECONDS = 60.0
INFO = "/_sandbox/v1/info"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UnusableError(Exception):
    """The endpoint cannot be tested. The message is one sentence for the user."""


@dataclass(frozen=True)
class EndpointAddress:
    """An endpoint's address, credentials and certificate authority."""

    url: str
    credentials: Credentials | None
    ca: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def is_local(self) -> bool:
        """True if the endpoint is on this machine, and can reach loopback."""
        return urlsplit(self.url).hostname in LOOPBACK


@contextmanager
def start_sandbox() -> Iterator[EndpointAddress]:
    """Start a sandbox in a process of its own, on free ports. Raises UnusableError."""
    with TemporaryDirectory(prefix="contract-") as folder:
        ready_file, errors = Path(folder) / "ready.json", Path(folder) / "errors"
        command = [sys.executable, "-m", "sms_sandbox", "serve", "--https-port", "0", "--http-port", "0"]
        command += ["--certs", str(Path(folder) / "certs"), "--ready-file", str(ready_file)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        with (
            errors.open("w") as stderr,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, env=clean) as process,
        ):
            try:
                ready = _await_ready(process, ready_file, errors)
                yield EndpointAddress(ready["https"], Credentials(ready["key"], ready["secret"]), ready["ca"])
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def _await_ready(process: "subprocess.Popen[bytes]", ready_file: Path, errors: Path) -> Any:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            error = errors.read_text().strip().rpartition("\n")[2]
            raise UnusableError(f"The sandbox could not be started: {error or 'it did not become ready in time'}.")
        time.sleep(0.02)
    return json.loads(ready_file.read_text())


def connect(address: EndpointAddress) -> httpx2.Client:
    """Create an HTTP client that trusts the endpoint's certificate. Raises UnusableError."""
    if urlsplit(address.url).scheme not in ("https", "http") or not urlsplit(address.url).hostname:
        raise UnusableError(f"ENDPOINT is {address.url!r}. Give an address such as https://localhost:8443.")
    try:
        context = ssl.create_default_context(cafile=address.ca or None)
    except (OSError, ssl.SSLError) as error:
        raise UnusableError(f"The certificates in CA, {address.ca!r}, cannot be read: {error}.") from error
    return httpx2.Client(base_url=address.url.rstrip("/"), verify=context, timeout=30, trust_env=not address.is_local)


def is_sandbox(http: httpx2.Client, address: EndpointAddress) -> bool:
    """True if the endpoint says that it is a sandbox. Raises UnusableError if it does not answer."""
    try:
        response = http.get(INFO)
    except httpx2.ConnectError as error:
        if "CERTIFICATE" in str(error).upper():
            raise UnusableError(
                f"The certificate of {address.url} is not trusted: set CA to the file of its authority."
            ) from None
        raise UnusableError(f"{address.url} cannot be reached: {error}.") from None
    except httpx2.HTTPError as error:
        raise UnusableError(f"{address.url} cannot be reached: {type(error).__name__}.") from None
    try:
        info = response.json() if response.status_code == 200 else None
    except ValueError:
        return False
    return isinstance(info, dict) and info.get("name") == "sms-sandbox"


def check_credentials(http: httpx2.Client, address: EndpointAddress, credentials: Credentials) -> None:
    """Check key and secret with get-balance, which costs nothing. Raises UnusableError."""
    try:
        response = http.post("/get-balance.json", headers={"Authorization": credentials.header})
    except httpx2.HTTPError as error:
        raise UnusableError(f"{address.url} cannot be reached: {type(error).__name__}.") from None
    status = response.status_code
    if status in (401, 403) or b"AUTH_FAILED" in response.content:
        raise UnusableError(f"{address.url} refuses these credentials ({status}): check KEY and SECRET.")
    if status == 404 or not response.content.lstrip().startswith(b"{"):
        raise UnusableError(f"{address.url} does not speak the API: get-balance.json answers {status}.")


@dataclass
class Control:
    """A sandbox's control API, for the tenant of an account."""

    http: httpx2.Client = field(repr=False)
    secrets: Secrets = field(repr=False)
    credentials: Credentials | None = None
    token: str | None = field(default=None, repr=False)

    def for_account(self, credentials: Credentials) -> "Control":
        """Return the control API of another account."""
        return Control(self.http, self.secrets, credentials, self.token)

    def call(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the control API, and return its answer. Raises UnusableError if it refuses."""
        headers = {"Authorization": self.credentials.header} if self.credentials else {}
        headers |= {"X-Sandbox-Token": self.token} if self.token else {}
        response = self.http.request(verb, f"/_sandbox/v1{path}", headers=headers, json=body)
        if not 200 <= response.status_code < 300:
            text = self.secrets.hide(response.text[:200])
            raise UnusableError(f"The control API refuses {verb} {path}: {response.status_code} {text}")
        return response.json() if response.content else None

    def create_tenant(self, throttle: int = 0, **settings: Any) -> tuple[str, Credentials]:
        """Create a tenant, and return its name and its account's credentials."""
        tenant = self.call("POST", "/tenants", {"throttle": throttle, "profile": "seed", **settings})
        credentials = Credentials(tenant["key"], tenant["secret"])
        self.secrets.keep(credentials)
        return tenant["name"], credentials

    def delete_tenant(self, name: str) -> None:
        """Delete a tenant."""
        self.call("DELETE", f"/tenants/{name}")

    def advance(self, **span: float) -> Any:
        """Move the clock, for example by `seconds=2` or `hours=24`, and return what happened."""
        return self.call("POST", "/clock/advance", span)

    def send_inbound(self, handset: str, text: str, to: str | None = None) -> Any:
        """Send a message as a handset."""
        return self.call("POST", "/inbound", {"from": handset, "text": text} | ({"to": to} if to else {}))

    def update_account(self, **settings: Any) -> Any:
        """Change the account's settings: `balance`, `throttle`, `reseller` and others."""
        return self.call("PATCH", "/account", settings)
