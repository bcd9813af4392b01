"""Processes of the tests: any command, and the sandbox as people run it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from sms_sandbox.control.shapes.server_info import ServerInfo
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from tests.sandbox import Account


def let_children_be_interrupted() -> None:
    """Restore SIGINT in the processes that tests start, because it may be ignored here.

    A shell lets the background jobs of a script ignore SIGINT, and what they start inherits that. A handler is not
    inherited; this one does nothing, so that the tests themselves go on ignoring the signal.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, _ignore)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing."""


@contextmanager
def start_process(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None,
    stdin: int | None = None, stdout: int | IO[str] = subprocess.PIPE, stderr: int | IO[str] | None = None,
) -> Iterator["subprocess.Popen[str]"]:  # fmt: skip
    """Start a process, and kill it in the end if it is still running.

    A process that outlives its test makes another one fail: Python warns of it whenever it is garbage-collected.
    """
    with subprocess.Popen(command, cwd=cwd, env=env, stdin=stdin, stdout=stdout, stderr=stderr, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@dataclass(frozen=True)
class SandboxProcess:
    """A process that accepts connections, and its default account."""

    process: "subprocess.Popen[str]"
    account: Account
    line: str
    errors: Path

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Stop it by a signal and check that it exits with 0.

        It has ten seconds, because Docker kills a container after that.
        """
        self.process.send_signal(by)
        assert self.process.wait(10) == 0, self.errors.read_text()

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def run_process(certificates: Certificates, folder: Path, *flags: str) -> Iterator[SandboxProcess]:
    """Run `sms-sandbox serve` on free ports, with stderr in a file of `folder`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "sms_sandbox", "serve", "--https-port", "0", "--http-port", "0"]
    command += ["--certs", str(certificates.directory), *flags]
    errors = folder / f"stderr-{time.monotonic_ns()}"
    with errors.open("w") as stderr, start_process(command, stderr=stderr, env=clean) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sms-sandbox ready: "), errors.read_text()
        ready = ServerInfo.from_json(line.partition(": ")[2])
        yield SandboxProcess(process, Account(ready, ready.key, ready.secret), line, errors)
