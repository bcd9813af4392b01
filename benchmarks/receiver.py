"""A process that receives callbacks: it answers each request with 200, and counts them.

`/_count` returns how many callbacks arrived since the last `/_forget`, how many targets arrived exactly once, how many
different ones there were, and the seconds between the first and the last. `/_arrivals` returns the times of each
target's callbacks, in seconds since 1970.
"""

import asyncio
import json
import time
from collections import Counter, defaultdict
from typing import cast

import uvloop

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class CallbackCounts:
    """Calls for each target, and the times of the first and the last one."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.targets: Counter[bytes] = Counter()
        self.arrivals: defaultdict[str, list[float]] = defaultdict(list)
        self.first = self.last = 0.0

    def record(self, target: bytes) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.targets[target] += 1
        self.arrivals[target.decode("latin-1")].append(time.time())

    def as_json(self) -> bytes:
        total, distinct = self.targets.total(), len(self.targets)
        counts = {"total": total, "once": sum(n == 1 for n in self.targets.values()), "distinct": distinct}
        return json.dumps({**counts, "seconds": self.last - self.first}).encode()


class Receiver(asyncio.Protocol):
    """A connection. Its requests have no body."""

    def __init__(self, counts: CallbackCounts) -> None:
        self._counts = counts
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # by its type, uvloop's transport is not an asyncio one

    def data_received(self, data: bytes) -> None:
        *heads, self._buffer = (self._buffer + data).split(b"\r\n\r\n")
        for head in heads:
            target = head.split(b" ", 2)[1]
            if target in (b"/_count", b"/_arrivals"):
                counts = self._counts
                result = counts.as_json() if target == b"/_count" else json.dumps(counts.arrivals).encode()
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(result), result))
                continue
            if target == b"/_forget":
                self._counts.forget()
            else:
                self._counts.record(target)
            self._transport.write(_OK)


async def run() -> None:
    counts = CallbackCounts()
    server = await asyncio.get_running_loop().create_server(lambda: Receiver(counts), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(run())
