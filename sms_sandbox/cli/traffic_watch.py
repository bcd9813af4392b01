"""The traffic of a server in this process, for the person at its terminal."""

import time
from threading import Thread

from ..client.control import Client
from ..client.errors import SandboxError
from ..control.shapes.server_info import ServerInfo
from .tail import follow_entries, show_entry, show_history

RETRY_SECONDS = 1.0
"""Pause before a stream that broke is opened again, as when one of several processes has ended."""


class TrafficWatch:
    """Prints the traffic of the default tenant from the moment on that it was made. The server must be running."""

    def __init__(self, info: ServerInfo) -> None:
        self._client = Client(info, timeout=None)
        self._last = show_history(self._client, 0, {})

    def start(self, history: int) -> None:
        """Print the last entries, and then each new one, on a thread."""
        if history:
            self._last = show_history(self._client, history, {})
        Thread(target=self._run, name="traffic-watch", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                for entry in follow_entries(self._client, self._last):
                    show_entry(entry)
                    self._last = entry.id
            except SandboxError:  # nobody answers: the server is being stopped, or its process is started again
                pass
            except OSError:  # the terminal is gone
                return
            time.sleep(RETRY_SECONDS)
