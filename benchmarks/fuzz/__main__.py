"""Try random inputs on a server: `python -m benchmarks.fuzz [--inputs N] [--seed N]`."""

import argparse
import http.client
import json
import os
import random
import socket
import ssl
import sys
import tempfile
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sms_sandbox.server import certificates as tls

from ..processes import ServerProcess, sandbox
from .inputs import ApiCalls, ControlCalls, changed_document, encode_json, raw_bytes

ANSWER_SECONDS = 30.0
"""Longest time for an answer. What takes longer is a hang."""

_RAW_SECONDS = 0.02
"""Longest wait for an answer to bytes that may be an incomplete request."""

_AUTHORIZATION = {"Authorization": f"Basic {b64encode(b'sandbox-key:sandbox-secret').decode()}"}


class Target:
    """A server and what was found on it."""

    def __init__(self, server: ServerProcess, ca: Path, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (nothing secret)
        self.tried: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.problems: list[str] = []
        self._server = server
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._http = urlsplit(server.http)
        self._connections: dict[bool, http.client.HTTPConnection] = {}
        self._api = ApiCalls(self._read("/_sandbox/openapi.json"))
        self._control = ControlCalls(self._read("/_sandbox/v1/openapi.json"))
        self.fetch(False, "POST", "/_sandbox/v1/clock/freeze", b"", "")
        form = b"message=Hi&to=61491570156&dlr_callback=http://localhost:9/x"
        self.fetch(True, "POST", "/send-sms.json", form, "application/x-www-form-urlencoded")
        self._document = self._read("/_sandbox/v1/export?with_secrets=true")

    def _read(self, path: str) -> Any:
        with urllib.request.urlopen(
            urllib.request.Request(f"{self._server.http}{path}", headers=_AUTHORIZATION), timeout=ANSWER_SECONDS
        ) as answer:
            return json.load(answer)

    # Inputs

    def try_raw(self) -> None:
        """Send bytes to one of the listeners."""
        secure, data = self.chance.random() < 0.5, raw_bytes(self.chance)
        port = self._server.https_port if secure else self._http.port
        answer = b""
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as plain:
            connection = self._tls.wrap_socket(plain, server_hostname="localhost") if secure else plain
            with connection:
                connection.sendall(data)
                connection.settimeout(_RAW_SECONDS)
                while piece := connection.recv(65536):
                    answer += piece
        for line in answer.split(b"\r\n"):
            if line.startswith(b"HTTP/1.1 ") and line[9:12].isdigit():
                self._check(int(line[9:12]), f"raw {data!r}", answer)

    def try_api(self) -> None:
        """Call the imitated API."""
        self._call(True, self._api.draw(self.chance))

    def try_control(self) -> None:
        """Call control."""
        self._call(False, self._control.draw(self.chance))

    def try_import(self) -> None:
        """Import a changed document, run what is planned in it, and delete the tenant."""
        document = changed_document(self._document, self.chance)
        body = encode_json({"document": document, "name": "fuzz", "key": "fuzz-key", "secret": "fuzz-secret"})
        status, answer = self.fetch(False, "POST", "/_sandbox/v1/import", body, "application/json")
        self._check(status, f"import {document['tables']}", answer)
        if status != 201:
            return
        own = {"Authorization": f"Basic {b64encode(b'fuzz-key:fuzz-secret').decode()}"}
        span = encode_json({"days": 3})
        for verb, path, given in (
            ("POST", "/clock/advance", span), ("GET", "/export", b""), ("GET", "/failed-events", b""),
            ("GET", "/messages", b""), ("GET", "/callbacks", b""), ("GET", "/traffic", b""),
        ):  # fmt: skip
            status, answer = self.fetch(False, verb, f"/_sandbox/v1{path}", given, "application/json", own)
            self._check(status, f"{path} after import {document['tables']}", answer)
            if path == "/failed-events" and status == 200 and json.loads(answer)["failed_events"]:
                self.problems.append(f"events of an import failed: {answer[:500]!r}")
        self.fetch(False, "DELETE", "/_sandbox/v1/tenants/fuzz", b"", "application/json")

    def _call(self, secure: bool, drawn: tuple[str, str, bytes, str]) -> None:
        verb, target, body, content_type = drawn
        status, answer = self.fetch(secure, verb, target, body, content_type)
        self._check(status, f"{verb} {target} {body[:300]!r}", answer)

    def fetch(
        self,
        secure: bool,
        verb: str,
        target: str,
        body: bytes,
        content_type: str,
        auth: dict[str, str] = _AUTHORIZATION,
    ) -> tuple[int, bytes]:
        """Return status and body of an answer. A status of 0 is a hang or a lost connection."""
        headers = {**auth, **({"Content-Type": content_type} if content_type else {})}
        for is_last in (False, True):
            connection = self._connections.get(secure) or self._connect(secure)
            try:
                connection.request(verb, target, body, headers)
                reply = connection.getresponse()
                return reply.status, reply.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._connections.pop(secure, None)
                if is_last or isinstance(error, TimeoutError):
                    return 0, repr(error).encode()
        return 0, b""

    def _connect(self, secure: bool) -> http.client.HTTPConnection:
        self._connections[secure] = (
            http.client.HTTPSConnection("localhost", self._server.https_port, timeout=ANSWER_SECONDS, context=self._tls)
            if secure
            else http.client.HTTPConnection(self._http.hostname or "", self._http.port, timeout=ANSWER_SECONDS)
        )
        return self._connections[secure]

    def close(self) -> None:
        """Close the connections to the server."""
        for connection in self._connections.values():
            connection.close()

    def _check(self, status: int, what: str, answer: bytes) -> None:
        self.statuses[status] += 1
        if status == 0 or status >= 500:
            self.problems.append(f"{status}: {what[:600]} -> {answer[:200]!r}")


KINDS: dict[str, tuple[Callable[[Target], None], int]] = {
    "raw bytes": (Target.try_raw, 40),
    "calls of the API": (Target.try_api, 30),
    "calls of control": (Target.try_control, 25),
    "imports": (Target.try_import, 5),
}
"""The kinds of input, and the share of each in percent."""


def fuzz(inputs: int, seed: int) -> list[str]:
    """Try inputs, print how many of each kind, and return the problems."""
    with tempfile.TemporaryDirectory() as folder:
        certificates, log = tls.ensure(Path(folder)), Path(folder) / "server.log"
        with ExitStack() as stack:
            with _errors_to(log):  # the server inherits it
                server = stack.enter_context(sandbox(certificates))
            target = Target(server, certificates.ca, seed)
            kinds = list(KINDS)
            for _ in range(inputs):
                (kind,) = target.chance.choices(kinds, [KINDS[each][1] for each in kinds])
                KINDS[kind][0](target)
                target.tried[kind] += 1
                if len(target.problems) > 20 or server.process.poll() is not None:
                    break
            status, _ = target.fetch(False, "GET", "/livez", b"", "")
            if status != 200:
                target.problems.append("The server does not answer any more.")
            memory = server.memory()
            target.close()
        if (text := log.read_text()).count("Traceback"):
            target.problems.append(f"The log has {text.count('Traceback')} tracebacks; the first: {_first_of(text)}")
        for kind in kinds:
            print(f"{target.tried[kind]:>8}  {kind}")
        print(f"{target.tried.total():>8}  inputs; statuses {dict(sorted(target.statuses.items()))}; {memory:.0f} MB")
        return target.problems


@contextmanager
def _errors_to(path: Path) -> Iterator[None]:
    """Write the standard error of this process, and of those it starts, into a file."""
    saved = os.dup(2)
    with path.open("w") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _first_of(log: str) -> str:
    """Return the end of the first traceback, up to the line that names the error."""
    lines = log[log.index("Traceback") :].splitlines()
    end = next((number for number, line in enumerate(lines) if number and line[:1] not in " T"), len(lines) - 1)
    return "\n".join(lines[: end + 1])[-3000:]


def main() -> int:
    """Run the fuzzer. Return 1 if there are problems."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Try random inputs on a server.")
    parser.add_argument("--inputs", type=int, default=10_000, metavar="N", help="how many (default 10,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same inputs")
    given = parser.parse_args()
    problems = fuzz(given.inputs, given.seed)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problems.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
