"""The endpoint under test: where it is, whether it can be used, and what it is."""

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
SLOWEST_START = 60.0
INFO = "/_sandbox/v1/info"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class UnusableError(Exception):
    """Why nothing can be run against the endpoint; the message is one sentence for whoever gave it."""


@dataclass(frozen=True)
class Where:
    """An endpoint, as it was given."""

    url: str
    credentials: Credentials | None
    ca: str | None = None
    token: str | None = field(default=None, repr=False)

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that it reaches a receiver on loopback."""
        return urlsplit(self.url).hostname in LOOPBACK


@contextmanager
def fresh_sandbox() -> Iterator[Where]:
    """A sandbox in a process of its own, on free ports, started by its command line. Raises UnusableError."""
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
                yield Where(ready["https"], Credentials(ready["key"], ready["secret"]), ready["ca"])
            finally:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()


def _await_ready(process: "subprocess.Popen[bytes]", ready_file: Path, errors: Path) -> Any:
    until = time.monotonic() + SLOWEST_START
    while not ready_file.exists():
        if process.poll() is not None or time.monotonic() > until:
            why = errors.read_text().strip().rpartition("\n")[2]
            raise UnusableError(f"The sandbox could not be started: {why or 'it never became ready'}.")
        time.sleep(0.02)
    return json.loads(ready_file.read_text())


def connect(where: Where) -> httpx2.Client:
    """A client that trusts the endpoint's certificate. Raises UnusableError."""
    if urlsplit(where.url).scheme not in ("https", "http") or not urlsplit(where.url).hostname:
        raise UnusableError(f"ENDPOINT is {where.url!r}, which is no address such as https://localhost:8443.")
    try:
        trusted = ssl.create_default_context(cafile=where.ca or None)
    except (OSError, ssl.SSLError) as why:
        raise UnusableError(f"CA is {where.ca!r}, which can't be read as certificates: {why}.") from why
    return httpx2.Client(base_url=where.url.rstrip("/"), verify=trusted, timeout=30, trust_env=not where.is_here)


def is_sandbox(http: httpx2.Client, where: Where) -> bool:
    """Whether the endpoint says it is a sandbox. Raises UnusableError if nothing answers."""
    try:
        found = http.get(INFO)
    except httpx2.ConnectError as why:
        if "CERTIFICATE" in str(why).upper():
            raise UnusableError(
                f"The certificate of {where.url} is not trusted: give CA, the file of its authority."
            ) from None
        raise UnusableError(f"{where.url} can't be reached: {why}.") from None
    except httpx2.HTTPError as why:
        raise UnusableError(f"{where.url} can't be reached: {type(why).__name__}.") from None
    try:
        said = found.json() if found.status_code == 200 else None
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("name") == "sms-sandbox"


def check_credentials(http: httpx2.Client, where: Where, credentials: Credentials) -> None:
    """Ask for the balance, which costs nothing and tells whether key and secret are good. Raises UnusableError."""
    try:
        found = http.post("/get-balance.json", headers={"Authorization": credentials.header})
    except httpx2.HTTPError as why:
        raise UnusableError(f"{where.url} can't be reached: {type(why).__name__}.") from None
    if found.status_code in (401, 403) or b"AUTH_FAILED" in found.content:
        raise UnusableError(f"{where.url} refuses these credentials ({found.status_code}): check KEY and SECRET.")
    if found.status_code == 404 or not found.content.lstrip().startswith(b"{"):
        raise UnusableError(f"{where.url} does not speak the API: get-balance.json answers {found.status_code}.")


@dataclass
class Control:
    """What only a sandbox can do, for the tenant of an account."""

    http: httpx2.Client = field(repr=False)
    secrets: Secrets = field(repr=False)
    credentials: Credentials | None = None
    token: str | None = field(default=None, repr=False)

    def of(self, credentials: Credentials) -> "Control":
        """The same on behalf of another account."""
        return Control(self.http, self.secrets, credentials, self.token)

    def ask(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the control API; its answer. Raises UnusableError if that is refused."""
        headers = {"Authorization": self.credentials.header} if self.credentials else {}
        headers |= {"X-Sandbox-Token": self.token} if self.token else {}
        got = self.http.request(verb, f"/_sandbox/v1{path}", headers=headers, json=body)
        if not 200 <= got.status_code < 300:
            said = self.secrets.hide(got.text[:200])
            raise UnusableError(f"The sandbox refuses control, {verb} {path}: {got.status_code} {said}")
        return got.json() if got.content else None

    def tenant(self, throttle: int = 0, **settings: Any) -> tuple[str, Credentials]:
        """Make a world of its own; its name and its account's credentials."""
        made = self.ask("POST", "/tenants", {"throttle": throttle, "profile": "seed", **settings})
        credentials = Credentials(made["key"], made["secret"])
        self.secrets.keep(credentials)
        return made["name"], credentials

    def remove(self, tenant: str) -> None:
        """Delete a world."""
        self.ask("DELETE", f"/tenants/{tenant}")

    def advance(self, **span: float) -> Any:
        """Let time pass: `seconds=2`, `hours=24`. What happened meanwhile."""
        return self.ask("POST", "/clock/advance", span)

    def inbound(self, handset: str, text: str, to: str | None = None) -> Any:
        """Write as a handset does."""
        return self.ask("POST", "/inbound", {"from": handset, "text": text} | ({"to": to} if to else {}))

    def settle(self, **settings: Any) -> Any:
        """Change the account's settings: `balance`, `throttle`, `reseller` and so on."""
        return self.ask("PATCH", "/account", settings)
