"""A server on a thread of the test's own process."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ..client.control import Whereabouts
from ..server import atomic_files
from ..server.server import Server, ServerError
from ..settings import Settings

START = 30.0
"""Seconds that a start or an end may take; each takes a fraction of one."""


class Running:
    """A server on free ports, with a store in memory and certificates in a folder of its own unless told otherwise.

    Raises what `Server` raises where it can't start.
    """

    def __init__(self, certs: str | Path | None, settings: dict[str, Any]) -> None:
        self._folder = None if certs else tempfile.TemporaryDirectory(prefix="sms-sandbox-")
        kept = str(Path(certs or (self._folder.name if self._folder else "")).absolute())
        self._thread: Thread | None = None
        try:
            chosen: dict[str, Any] = {"https_port": 0, "http_port": 0, "certs": kept} | settings
            self._server = Server(Settings(**chosen))
            self._ready = Event()
            self._failure: BaseException | None = None
            self._thread = Thread(target=self._serve, name="sms-sandbox", daemon=True)
            self._thread.start()
            self._wait()
            if ready_file := chosen.get("ready_file"):
                told = json.dumps(asdict(self._server.ready(os.getpid())))
                atomic_files.write(Path(ready_file).absolute(), told.encode(), mode=0o600)
        except BaseException:
            self.close()
            raise

    @property
    def where(self) -> Whereabouts:
        told = self._server.ready(os.getpid())
        return Whereabouts(
            told.https, told.http, told.ca, told.ca_bundle, told.key, told.secret, told.control_token
        )  # fmt: skip

    def _wait(self) -> None:
        is_ready = self._ready.wait(START)
        if self._failure is not None:
            raise self._failure
        if not is_ready:
            raise ServerError(f"The server was not ready within {START:g} seconds.")

    def _serve(self) -> None:
        try:
            self._server.run(self._ready.set)
        except BaseException as why:  # noqa: BLE001 (handed to whoever waits for the start)
            self._failure = why
            self._ready.set()

    def close(self) -> None:
        """Stop the server and wait for its end."""
        if self._thread is not None and self._thread.is_alive():
            self._server.stop()
            self._thread.join(START)
        if self._folder is not None:
            self._folder.cleanup()
