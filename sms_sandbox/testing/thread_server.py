"""A server on a thread of the test's own process."""

import os
import tempfile
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ..client.demo import tell_story
from ..client.errors import SandboxError
from ..control.shapes.server_info import ServerInfo
from ..server.certificates import CertificateError
from ..server.listening_sockets import ServerError
from ..server.ready_file import write_ready_file
from ..server.server import Server
from ..settings import Settings
from ..store.schema import StoreError

START_TIMEOUT_SECONDS = 30.0
"""Longest that a start may take. It usually takes less than a second."""

_STOP_TIMEOUT_SECONDS = 30.0


class ThreadServer:
    """A server on free ports, with a store in memory and temporary certificates. Settings can change that.

    It shares the process with the tests, so it sees all that they patch. Raises SettingsError for a wrong setting, and
    SandboxError if the server can't start.
    """

    log = None

    def __init__(self, certs: str | Path | None, settings: dict[str, Any]) -> None:
        self._folder = None if certs else tempfile.TemporaryDirectory(prefix="sms-sandbox-")
        directory = str(Path(certs or (self._folder.name if self._folder else "")).absolute())
        self._thread: Thread | None = None
        try:
            chosen: dict[str, Any] = {"https_port": 0, "http_port": 0, "certs": directory} | settings
            self._server = Server(Settings(**chosen))
            self._ready = Event()
            self._failure: BaseException | None = None
            self._thread = Thread(target=self._serve, name="sms-sandbox", daemon=True)
            self._thread.start()
            self._wait()
            if self._server.sandbox.settings.demo:
                tell_story(self.info)
            if ready_file := chosen.get("ready_file"):
                write_ready_file(ready_file, self.info)
        except (ServerError, StoreError, CertificateError, OSError) as why:
            self.close()
            raise SandboxError(f"The sandbox did not start: {why}") from why
        except BaseException:
            self.close()
            raise

    @property
    def info(self) -> ServerInfo:
        """The addresses of the server, and the key and secret of its first account."""
        return self._server.info(os.getpid())

    def close(self) -> None:
        """Stop the server and wait until it has ended."""
        if self._thread is not None and self._thread.is_alive():
            self._server.stop()
            self._thread.join(_STOP_TIMEOUT_SECONDS)
        if self._folder is not None:
            self._folder.cleanup()

    def _wait(self) -> None:
        is_ready = self._ready.wait(START_TIMEOUT_SECONDS)
        if self._failure is not None:
            raise self._failure
        if not is_ready:
            raise ServerError(f"The server was not ready within {START_TIMEOUT_SECONDS:g} seconds.")

    def _serve(self) -> None:
        try:
            self._server.run(self._ready.set)
        except BaseException as why:  # noqa: BLE001 (raised again on the thread that waits for the start)
            self._failure = why
            self._ready.set()
