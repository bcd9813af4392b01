"""The figures of the server's other processes: each answers on a socket in a folder that only they can enter."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

TIMEOUT_SECONDS = 2.0
"""Longest wait for another process. One that is being replaced does not answer."""


class MetricExchange:
    """This process, by its `number` from 0 on, and the others."""

    def __init__(self, folder: Path, number: int, count: int) -> None:
        self.number = number
        self._folder = folder
        self._count = count
        self._server: asyncio.Server | None = None

    def _socket(self, number: int) -> Path:
        return self._folder / f"{number}.sock"

    async def start(self, answer: Callable[[], Awaitable[bytes]]) -> None:
        """Answer each connection with the figures of this process."""

        async def respond(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(await answer())
                await writer.drain()
            finally:
                writer.close()

        self._server = await asyncio.start_unix_server(respond, self._socket(self.number))

    async def ask_others(self) -> dict[int, bytes | None]:
        """Return the figures of each other process, or None for one that does not answer."""
        others = [number for number in range(self._count) if number != self.number]
        return dict(zip(others, await asyncio.gather(*map(self._ask, others)), strict=True))

    async def _ask(self, number: int) -> bytes | None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._socket(number))
                try:
                    return await reader.read()
                finally:
                    writer.close()
        except OSError:  # TimeoutError is an OSError
            return None

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
