"""Commands run as a shell runs them, and the flags that lead to a server."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from sms_sandbox.cli.root import main
from sms_sandbox.settings import PREFIX
from tests.sandbox import Account


def run(*args: str, **environment: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, args, env=environment, prog_name="sms-sandbox")


def start(*args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own and wait for its end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "sms_sandbox", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, env={**clean, **environment})


def at(server: Account) -> tuple[str, ...]:
    """Return the flags that lead to a server."""
    return ("--http-port", server.ready.http.rpartition(":")[2])


def write_ready(server: Account, path: Path) -> None:
    path.write_text(server.ready.to_json())
