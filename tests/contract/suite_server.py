"""The process behind `forked_suite`: it loads the suite, and forks for each run.

It imports nothing of the package, as pytest wants to load its plugins itself.
"""

import gc
import json
import os
import random
import signal
import socket
import sys
from contextlib import closing, redirect_stdout
from io import StringIO
from select import select
from typing import Any, NoReturn

import httpcore2
import pytest

from tests.contract.suite_runner import QUIET, SUITE

READY = "ready\n"

LOADED = (httpcore2,)
"""Modules that the suite imports with its first call, which each fork would do again."""


def main(address: str) -> None:
    """Load the suite, then fork for each connection until stdin ends."""
    collected = StringIO()
    with redirect_stdout(collected):
        code = pytest.main([str(SUITE), *QUIET, "--collect-only"])
    if code != pytest.ExitCode.OK:
        sys.exit(collected.getvalue())
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(address)
        listener.listen()
        gc.freeze()  # so that no fork looks for garbage in what is loaded, or copies it
        sys.stdout.write(READY)
        sys.stdout.flush()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that forks need not be waited for
        while sys.stdin not in select([sys.stdin, listener], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                run_and_exit(connection)
            connection.close()


def run_and_exit(connection: socket.socket) -> NoReturn:
    """Run the tests a connection asks for, send the exit code, and end this process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()
    with connection.makefile("rw") as stream:
        wanted: dict[str, Any] = json.loads(stream.readline())
        os.environ.clear()
        os.environ.update(wanted["environment"])
        output = os.open(wanted["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream_number in (1, 2):
            os.dup2(output, stream_number)
        code = int(pytest.main(wanted["arguments"]))
        sys.stdout.flush()
        sys.stderr.flush()
        stream.write(f"{code}\n")
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
