"""A server in a process of its own, which ends with its parent process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

from ..control.shapes.server_info import ServerInfo
from ..settings import PREFIX, Settings, flag, variable
from .errors import SandboxError
from .server_log import ServerLog, create_log
from .temporary_folder import TemporaryFolder
from .unpatched import Unpatched

START_TIMEOUT_SECONDS = 30.0
"""Longest that a start or a stop may take. Each usually takes less than a second."""

_ANNOUNCEMENT = "sms-sandbox ready: "

# Variables of Python and of coverage that are meant for the tests. They would slow the server down, or stop it.
_OF_TESTS = (
    "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONINSPECT", "PYTHONPROFILEIMPORTTIME", "COV_CORE_",
    "COVERAGE_PROCESS",
)  # fmt: skip


class ChildServer:
    """A server on free ports, with a store in memory and temporary certificates. Settings can change that.

    The child's standard input is a pipe that ends with this process, however that ends, and the server stops then.
    It is still starting when this returns, so that the caller can do something else. Raises SettingsError for a wrong
    setting.
    """

    def __init__(self, certs: str | Path | None, settings: dict[str, Any]) -> None:
        self._folder = TemporaryFolder()
        self._pid = Unpatched.getpid()
        self._is_closed = False
        try:
            directory = str(Path(certs or self._folder.path).absolute())
            usual: dict[str, Any] = {"https_port": 0, "http_port": 0, "certs": directory}
            chosen = Settings(**usual | settings)
            log = self._folder.path / "server.log"
            errors = create_log(log)
            try:
                self._start(chosen, errors)
            finally:
                Unpatched.close(errors)
            self.log = ServerLog(log)
        except BaseException:
            self._folder.remove()
            raise

    @cached_property
    def info(self) -> ServerInfo:
        """The address of the server, once it is ready. Raises SandboxError if it can't start."""
        try:
            return self._wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the server and wait until it has ended. A process that was forked leaves it alone."""
        if self._is_closed:
            return
        self._is_closed = True
        self.log.close()
        if self._pid != Unpatched.getpid():
            return
        Unpatched.close(self._input)
        with _kill_late(self._process):
            self._process.wait()
        Unpatched.close(self._output)
        self._folder.remove()

    def _start(self, settings: Settings, errors: int) -> None:
        # In a session of its own, so that Ctrl-C at the terminal does not stop it before the tests have ended.
        child_input, self._input = Unpatched.pipe()
        self._output, child_output = Unpatched.pipe()
        command = [sys.executable, "-P", "-m", "sms_sandbox", "serve", "--stop-with-stdin", *_flags(settings)]
        try:
            self._process = Unpatched.start_process(
                command, stdin=child_input, stdout=child_output, stderr=errors, env=_environment(settings),
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            Unpatched.close(self._input)
            Unpatched.close(self._output)
            raise
        finally:
            Unpatched.close(child_input)
            Unpatched.close(child_output)

    def _wait(self) -> ServerInfo:
        """Return what the server prints when it is ready. Raises SandboxError."""
        line = b""
        with _kill_late(self._process):
            while not line.endswith(b"\n") and (more := Unpatched.read(self._output, 65536)):
                line += more
        text = line.decode()
        if not text.startswith(_ANNOUNCEMENT):
            raise SandboxError(f"The sandbox did not start: {self._reason()}")
        return ServerInfo.from_json(text.removeprefix(_ANNOUNCEMENT))

    def _reason(self) -> str:
        self._process.wait()
        if self._process.returncode < 0:
            return f"it was not ready within {START_TIMEOUT_SECONDS:g} seconds."
        *_, last = ["it printed nothing.", *self.log.read().strip().splitlines()]
        return last.removeprefix("sms-sandbox: ").removeprefix("Error: ")


@contextmanager
def _kill_late(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Kill a process if the block takes too long. A thread does it, because tests may have stopped the clock."""
    running = Unpatched.make_lock()
    running.acquire()

    def watch() -> None:
        if not running.acquire(True, START_TIMEOUT_SECONDS):
            process.kill()

    Unpatched.start_thread(watch, ())
    try:
        yield
    finally:
        running.release()


def _environment(settings: Settings) -> dict[str, str]:
    """Return the environment of the child: this process's, without settings of the sandbox and of the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, *_OF_TESTS))}
    if settings.control_token is not None:
        kept[variable("control_token")] = settings.control_token  # a flag would show it to everybody on the machine
    root = Path(__file__).parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        # A checkout may be importable only because the test run added its folder to `sys.path`.
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [kept.get("PYTHONPATH"), str(root)]))
    return kept


def _flags(settings: Settings) -> Iterator[str]:
    for each in fields(settings):
        value = getattr(settings, each.name)
        if value == each.default or each.name == "control_token":
            continue
        if isinstance(value, bool):
            yield flag(each.name)
        else:
            yield from (f"{flag(each.name)}={one}" for one in (value if isinstance(value, tuple) else (value,)))
