"""The sandbox as a process of its own, as people run it."""

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
from tests.serving import Account


@dataclass(frozen=True)
class Running:
    """A process that accepts connections, and the account it has by default."""

    process: "subprocess.Popen[str]"
    account: Account
    line: str
    errors: Path

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        """Stop it by a signal, which must end it with code 0 before Docker would kill it, after ten seconds."""
        self.process.send_signal(by)
        assert self.process.wait(10) == 0, self.errors.read_text()

    def kill(self) -> None:
        """As `kill -9` does."""
        self.process.kill()
        self.process.wait(10)


@contextmanager
def running(certificates: Certificates, folder: Path, *flags: str) -> Iterator[Running]:
    """`sms-sandbox serve` on free ports; `folder` takes what it says on stderr."""
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
            yield Running(process, Account(ready, ready.key, ready.secret), line, errors)
        finally:
            process.kill()
