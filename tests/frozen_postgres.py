"""A PostgreSQL that can be frozen: it still takes connections and bytes, but says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import make_url

PIECE = 65536


class FreezablePostgres:
    """Passes bytes on between clients and PostgreSQL, unless it is frozen. `url` is for clients."""

    def __init__(self, url: str, folder: Path) -> None:
        given = make_url(url)
        self._name = f".s.PGSQL.{given.port or 5432}"
        self._real = f"{given.query['host']}/{self._name}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{folder}/{self._name}")
        self._listener.listen(100)
        self.url = given.update_query_dict({"host": str(folder)}).render_as_string(hide_password=False)
        self._flows = threading.Event()
        self._flows.set()
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Say nothing until the block ends."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._real)
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._pass_on, args=ends))
                    self._threads[-1].start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                self._flows.wait()
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End all connections."""
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()
