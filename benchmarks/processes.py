"""The processes of a run: how they start and end, and their processor time and memory."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_sandbox.server import certificates as tls
from sms_sandbox.settings import PREFIX

TIMEOUT_SECONDS = 30.0
"""Longest time for a process to start, to end or to answer."""

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class ServerProcess:
    """A server that accepts connections. `http` is the URL of the sandbox's plain listener, for control."""

    process: subprocess.Popen[str]
    https_port: int
    http: str = ""

    def cpu(self) -> float:
        """Return the processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory(self) -> float:
        """Return the resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def children(parent: int) -> list[int]:
    """Return the processes that a server with `--workers` has started, as Linux lists them."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    processes = []
    for each in listed:
        with suppress(OSError):  # it has ended meanwhile
            if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes():
                processes.append(int(each))
    return processes


def end(process: subprocess.Popen[str]) -> None:
    """Ask a process to end, and kill it if it does not."""
    process.terminate()
    try:
        process.wait(TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def python(*args: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """Start a Python process, and end it after the block. It may write compiled files, as a user's process does."""
    kept = (name for name in os.environ if not name.startswith(PREFIX) and name != "PYTHONDONTWRITEBYTECODE")
    environment = {name: os.environ[name] for name in kept}
    process = subprocess.Popen([sys.executable, *args], stdin=stdin, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process
    finally:
        end(process)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it printed a line.")
    return line


@contextmanager
def sandbox(
    certificates: tls.Certificates, *flags: str, program: Sequence[str] = ("-m", "sms_sandbox")
) -> Iterator[ServerProcess]:
    """Start `sms-sandbox serve` on free ports, without the throttle; Python runs `program`."""
    serve = ("serve", "--https-port", "0", "--http-port", "0", "--throttle", "0")
    with python(*program, *serve, "--certs", str(certificates.directory), *flags) as process:
        ready = json.loads(first_line(process).partition(": ")[2])
        yield ServerProcess(process, int(ready["https"].rpartition(":")[2]), ready["http"])


@contextmanager
def baseline(which: str, certificates: tls.Certificates) -> Iterator[ServerProcess]:
    """Start a server of `benchmarks.baseline`."""
    paths = (str(certificates.certificate), str(certificates.key))
    with python("-m", "benchmarks.baseline", which, *paths) as process:
        yield ServerProcess(process, int(first_line(process)))


def control(server: ServerProcess, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    """Call the sandbox's control API, and return its answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.http}/_sandbox/v1{path}", data, headers, method=verb)
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
        return json.load(reply)
