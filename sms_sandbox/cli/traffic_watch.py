"""The traffic of a server in this process, for the person at its terminal."""

import time
from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

from ..client.control import Client
from ..client.errors import SandboxError
from ..control.shapes.server_info import ServerInfo
from .tail import show_entry

if TYPE_CHECKING:
    from ..control.shapes.traffic import Entry

RETRY_SECONDS = 1.0
"""Pause before a broken stream is opened again. A stream breaks if one of several processes ends."""


class TrafficWatch:
    """Prints the traffic of all tenants that is new since the watch was made. The server must be running.

    Tenants are named as soon as a second one has traffic. `history` is how many older entries of the default tenant are
    printed first.
    """

    def __init__(self, info: ServerInfo, history: int) -> None:
        self._client = Client(info, timeout=None)
        self._tenants: set[str] = set()
        self._has_several = False
        self._history = self._read_history(history) if history else []
        self._events = self._open()

    def start(self) -> None:
        """Print the history, and then each new entry, on a thread."""
        for entry in self._history:
            show_entry(entry)
        Thread(target=self._run, name="traffic-watch", daemon=True).start()

    def _read_history(self, history: int) -> "list[Entry]":
        from ..control.shapes.traffic import Traffic

        return self._client.read(Traffic, "GET", "/traffic", max=history).entries[::-1]

    def _open(self) -> Iterator[tuple[str, bytes]]:
        """Open the stream, and return it after its first event. Raises SandboxError."""
        import msgspec

        from ..control.shapes.traffic import BeginOfTraffic

        events = self._client.stream("/events/all")
        try:
            _, data = next(events)
        except StopIteration:
            raise SandboxError("The sandbox has stopped.") from None
        self._has_several |= msgspec.json.decode(data, type=BeginOfTraffic).tenants > 1
        return events

    def _run(self) -> None:
        while True:
            try:
                for _, data in self._events:
                    self._show(data)
            except SandboxError:  # nobody answers: the server is being stopped, or its process is started again
                pass
            except OSError:  # the terminal is gone
                return
            time.sleep(RETRY_SECONDS)
            self._events = self._reopen()

    def _reopen(self) -> Iterator[tuple[str, bytes]]:
        """Open the stream again, without an error if nobody answers."""
        try:
            return self._open()
        except SandboxError:
            return iter(())

    def _show(self, data: bytes) -> None:
        import msgspec

        from ..control.shapes.traffic import TenantEntry

        tenant, entry = msgspec.structs.astuple(msgspec.json.decode(data, type=TenantEntry))
        self._tenants.add(tenant)
        self._has_several |= len(self._tenants) > 1
        show_entry(entry, tenant=tenant if self._has_several else "")
