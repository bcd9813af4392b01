"""A process that receives callbacks: it answers 200 to whatever comes and remembers what came, and when.

`/_count` answers how many came since the last `/_forget`, how many were the same as one before, and over how long.
"""

import asyncio
import json
import time
from collections import Counter
from typing import cast

import uvloop

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Heard:
    """What came: how often each target, when the first and when the last."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.targets: Counter[bytes] = Counter()
        self.first = self.last = 0.0

    def note(self, target: bytes) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.targets[target] += 1

    def told(self) -> bytes:
        total, distinct = self.targets.total(), len(self.targets)
        found = {"total": total, "once": sum(n == 1 for n in self.targets.values()), "distinct": distinct}
        return json.dumps({**found, "seconds": self.last - self.first}).encode()


class Receiver(asyncio.Protocol):
    """One connection; requests have no body."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by type

    def data_received(self, data: bytes) -> None:
        *heads, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for head in heads:
            target = head.split(b" ", 2)[1]
            if target == b"/_count":
                told = self._heard.told()
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(told), told))
                continue
            if target == b"/_forget":
                self._heard.forget()
            else:
                self._heard.note(target)
            self._transport.write(_OK)


async def run() -> None:
    heard = Heard()
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(heard), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(run())
