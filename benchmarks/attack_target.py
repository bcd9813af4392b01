"""A server to attack, and its effect on other clients."""

import http.client
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from .processes import TIMEOUT_SECONDS, ServerProcess, control

MAX_PROBE_SECONDS = 1.0
"""Longest time that /livez may take during an attack, on a busy machine."""

TO = "61491570156"


class Finding(NamedTuple):
    """A line of the table."""

    attack: str
    seen: str
    limit: str
    kept: bool


class Target(NamedTuple):
    """A server to attack, and the data for connections to it."""

    server: ServerProcess
    ca: Path
    share: float
    """The part of the full attack that is made."""

    def times(self, number: int) -> int:
        return max(2, round(number * self.share))

    def connect(self) -> socket.socket:
        """Return a new connection to the plain listener."""
        url = urlsplit(self.server.http)
        assert url.hostname is not None
        return socket.create_connection((url.hostname, url.port or 80), TIMEOUT_SECONDS)


def authorization(key: str, secret: str) -> str:
    return f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"


DEFAULT = authorization("sandbox-key", "sandbox-secret")


def head(verb: str, path: str, length: int | None = None, **headers: str) -> bytes:
    """Return the head of a request. `length` is that of its body."""
    lines = [f"{verb} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def send(calls: http.client.HTTPConnection, authorization: str = DEFAULT, **form: str) -> None:
    """Send a message, which must be accepted."""
    body = urlencode({"to": TO, "message": "Hello", **form})
    headers = {"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"}
    calls.request("POST", "/send-sms.json", body, headers)
    reply = calls.getresponse()
    answer = reply.read()
    if reply.status != 200:
        raise RuntimeError(f"A send was answered {reply.status}: {answer!r}")


@contextmanager
def probing(target: Target) -> Iterator[list[float]]:
    """Call /livez again and again during the block. The list has the time of each call, in seconds."""
    times: list[float] = []
    is_over = threading.Event()

    def probe() -> None:
        while not is_over.is_set():
            began = time.perf_counter()
            with target.connect() as connection:
                connection.sendall(head("GET", "/livez", Connection="close"))
                while connection.recv(65536):
                    pass
            times.append(time.perf_counter() - began)
            is_over.wait(0.005)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield times
    finally:
        is_over.set()
        thread.join()


def others(attack: str, times: list[float]) -> Finding:
    """Return the finding of an attack that must not hold up other calls."""
    seen = f"/livez: median {median(times) * 1000:.1f} ms, longest {max(times) * 1000:.0f} ms of {len(times)}"
    return Finding(attack, seen, f"longest under {MAX_PROBE_SECONDS:g} s", max(times) < MAX_PROBE_SECONDS)


def new_tenant(target: Target, name: str) -> str:
    """Create a tenant whose deliveries take no time, and return the Authorization of its account."""
    settings = {"name": name, "key": name, "secret": name, "balance": 100_000, "delivery_seconds": 0}
    control(target.server, "POST", "/tenants", settings)
    return authorization(name, name)
