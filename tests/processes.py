"""The sandbox as a separate process, as people run it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.server import Ready
from sms_sandbox.settings import PREFIX
from tests.sandbox import Account


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
    with (
        errors.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=clean) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("sms-sandbox ready: "), errors.read_text()
            ready = Ready(**json.loads(line.partition(": ")[2]))
            yield SandboxProcess(process, Account(ready, ready.key, ready.secret), line, errors)
        finally:
            process.kill()
