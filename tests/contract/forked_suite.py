"""Short runs of the contract suite, in forks of one process that has loaded it.

Loading Python, pytest and the suite takes longer than most of these runs. Each run still has its own process.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.contract.suite_runner import (
    FEW_PLUGINS,
    QUIET,
    ROOT,
    SuiteResult,
    environment_with,
    node_of,
    read_junit,
)
from tests.contract.suite_server import READY
from tests.processes import start_process


class ForkedSuite:
    """Runs tests of the suite in forks of the process that listens at a socket."""

    def __init__(self, address: Path) -> None:
        self._address = address

    def run(
        self, variables: Mapping[str, str], folder: Path, tests: Sequence[str], *arguments: str, seconds: float = 600
    ) -> SuiteResult:
        """Run some tests of the suite, like `run_suite`."""
        junit, output = folder / "junit.xml", folder / "output"
        flags = [*QUIET, f"--junitxml={junit}", f"--basetemp={folder / 'tmp'}", *arguments]
        wanted = {
            "environment": environment_with(variables, junit) | FEW_PLUGINS,
            "arguments": [*flags, *map(node_of, tests)],
            "output": str(output),
        }
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(self._address))
            connection.sendall(json.dumps(wanted).encode() + b"\n")
            with connection.makefile("r") as answer:
                code = answer.readline()
        text = output.read_text() if output.exists() else ""
        assert code, f"The run ended without an exit code. {text}"
        return SuiteResult(int(code), read_junit(junit) if junit.exists() else {}, text)


@contextmanager
def forked_suite() -> Iterator[ForkedSuite]:
    """Start the process that loads the suite."""
    with TemporaryDirectory(prefix="suite-") as folder:
        address = Path(folder) / "socket"
        command = [sys.executable, "-m", "tests.contract.suite_server", str(address)]
        with start_process(
            command, cwd=ROOT, env=os.environ | FEW_PLUGINS, stdin=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdout is not None
            answer = process.stdout.readline()
            assert answer == READY, f"The suite cannot be loaded. {answer}{process.stdout.read()}"
            yield ForkedSuite(address)
