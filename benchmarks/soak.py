"""Use a server for a long time, and watch it: `python -m benchmarks.soak [--minutes N]`.

Clients send without a long pause, and call back to receivers that fail: one answers 500, one never answers, one breaks
the connection. On request the server is killed, or its PostgreSQL stopped, again and again. Memory, open files and the
times of sends are printed as a table, and drawn in an SVG.
"""

import argparse
import http.client
import json
import math
import socket
import sys
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sms_sandbox.server import certificates as tls

from .outages import Database
from .processes import ServerProcess, control, sandbox

CLIENTS = 2
PAUSE_SECONDS = 0.01
BALANCE = 10_000_000
"""Enough for days of sends."""

OUTAGE_SECONDS = 3.0
_HEADERS = {
    "Authorization": f"Basic {b64encode(b'sandbox-key:sandbox-secret').decode()}",
    "Content-Type": "application/x-www-form-urlencoded",
}


class Sample(NamedTuple):
    """A moment of a run. Times are of the sends since the moment before, in ms."""

    seconds: float
    memory: float
    files: int
    sends: int
    failures: int
    median: float
    slowest: float


@dataclass
class Load:
    """The clients' view of a run: the times of their sends, and how many failed."""

    times: list[float] = field(default_factory=list)
    failures: int = 0
    refusal: str = ""
    """The answer to the last send that was refused."""
    server: ServerProcess | None = None
    is_over: bool = False

    def take(self) -> tuple[list[float], int]:
        """Return and forget what was measured since the last call."""
        times, failures = self.times, self.failures
        self.times, self.failures = [], 0
        return sorted(times), failures


@contextmanager
def failing_receivers() -> Iterator[list[str]]:
    """Receive callbacks at three URLs, and answer none of them well."""
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=500) for _ in range(3)]

    def serve(listener: socket.socket, behaviour: int) -> None:
        held: list[socket.socket] = []
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                if behaviour == 1:  # never answers
                    held.append(connection)
                    if len(held) > 200:
                        held.pop(0).close()
                    continue
                if behaviour == 0:
                    with suppress(OSError):
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.close()
        for connection in held:
            connection.close()

    threads = [threading.Thread(target=serve, args=pair) for pair in zip(listeners, range(3), strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield [f"http://127.0.0.1:{listener.getsockname()[1]}/dlr" for listener in listeners]
    finally:
        for listener, thread in zip(listeners, threads, strict=True):
            listener.shutdown(socket.SHUT_RDWR)  # ends the wait of the thread
            thread.join()
            listener.close()


def send(load: Load, urls: list[str], number: int) -> None:
    """Send messages until the run is over. A server that was killed is waited for."""
    connection: http.client.HTTPConnection | None = None
    used: ServerProcess | None = None
    count = 0
    while not load.is_over:
        server = load.server
        if server is None:
            time.sleep(PAUSE_SECONDS)
            continue
        if connection is None or server is not used:
            if connection is not None:
                connection.close()
            where = urlsplit(server.http)
            connection, used = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30), server
        count += 1
        body = f"message=Soak+{number}+{count}&to=61491570156&dlr_callback={urls[count % len(urls)]}"
        began = time.perf_counter()
        try:
            connection.request("POST", "/send-sms.json", body, _HEADERS)
            answer = connection.getresponse()
            content = answer.read()
            is_sent = json.loads(content)["error"]["code"] == "SUCCESS"
            load.refusal = load.refusal if is_sent else content.decode()
        except (OSError, http.client.HTTPException, ValueError):
            is_sent = False
            connection.close()
            connection = None
        if is_sent:
            load.times.append((time.perf_counter() - began) * 1000)
        else:
            load.failures += 1
        time.sleep(PAUSE_SECONDS)
    if connection is not None:
        connection.close()


def run(
    url: str, minutes: float, every: float, kill_every: float = 0.0, outage_every: float = 0.0,
    outage: Callable[[], None] | None = None,
) -> list[Sample]:  # fmt: skip
    """Run the load on a database, and return samples.

    Kills the server, or takes the database away, as often as is given in seconds; 0 is never.
    """
    load, samples = Load(), list[Sample]()
    with tempfile.TemporaryDirectory() as folder, failing_receivers() as urls:
        certificates = tls.ensure(Path(folder))
        clients = [threading.Thread(target=send, args=[load, urls, number]) for number in range(CLIENTS)]
        began = ends_at = 0.0
        for client in clients:
            client.start()
        try:
            while not began or time.monotonic() < ends_at:
                with ExitStack() as stack:
                    server = stack.enter_context(sandbox(certificates, "--allow-http", "--database", url))
                    if not began:
                        control(server, "PATCH", "/account", {"balance": BALANCE})
                    load.server = server
                    if not began:  # a busy machine needs long to start a server, so the run begins afterwards
                        _wait_for_a_send(load)
                        began = time.monotonic()
                        ends_at = began + minutes * 60
                    killed_at = min(ends_at, time.monotonic() + kill_every) if kill_every else ends_at
                    outage_at = time.monotonic() + (outage_every or math.inf)
                    while (now := time.monotonic()) < killed_at:
                        time.sleep(max(0.01, min(every, killed_at - now)))
                        if outage is not None and time.monotonic() >= outage_at:
                            outage()
                            outage_at += outage_every
                        samples.append(_sample(load, server, time.monotonic() - began))
                        print(_row(samples[-1]), flush=True)
                    load.server = None
                    if kill_every:
                        server.process.kill()
        finally:
            load.is_over = True
            for client in clients:
                client.join()
    if load.refusal:
        print(f"The last refusal: {load.refusal}")
    return samples


def _wait_for_a_send(load: Load) -> None:
    deadline = time.monotonic() + 60.0
    while not load.times:
        if time.monotonic() > deadline:
            raise RuntimeError(f"No send was answered in a minute; {load.failures} failed.")
        time.sleep(0.01)


def _sample(load: Load, server: ServerProcess, seconds: float) -> Sample:
    times, failures = load.take()
    files = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
    middle, last = (times[len(times) // 2], times[-1]) if times else (0.0, 0.0)
    return Sample(seconds, server.memory(), files, len(times), failures, middle, last)


def _row(sample: Sample) -> str:
    return (
        f"{sample.seconds:8.0f} s {sample.memory:7.0f} MB {sample.files:6} files {sample.sends:7} sends"
        f" {sample.failures:5} failed {sample.median:8.1f} ms {sample.slowest:8.1f} ms"
    )


def draw(samples: list[Sample]) -> str:
    """Return an SVG with a line each for memory, open files and times."""
    width, height, parts = 800, 160, []
    lines = (("memory, MB", 1, "#2563eb"), ("open files", 2, "#16a34a"), ("median time of a send, ms", 5, "#dc2626"))
    for place, (title, column, colour) in enumerate(lines):
        values = [float(sample[column]) for sample in samples]
        top, longest = max([*values, 1.0]) * 1.1, max(samples[-1].seconds, 1.0)
        bottom = (place + 1) * height - 20
        points = " ".join(
            f"{40 + sample.seconds / longest * (width - 60):.1f},{bottom - each / top * (height - 50):.1f}"
            for sample, each in zip(samples, values, strict=True)
        )
        parts.append(
            f'<text x="40" y="{place * height + 20}">{title}: {min(values):.1f} to {max(values):.1f}</text>'
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{3 * height}" font-family="sans-serif"'
        f' font-size="13">{"".join(parts)}</svg>\n'
    )


def _stop_for_a_while(database: Database) -> None:
    database.stop()
    time.sleep(OUTAGE_SECONDS)
    database.start()
    print(f"PostgreSQL was away for {OUTAGE_SECONDS:.0f} s.", flush=True)


def main() -> int:
    """Run the soak, and write its picture. Return 1 if a send failed while server and database ran."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description="Use a server for a long time.")
    parser.add_argument("--minutes", type=float, default=20.0, metavar="N")
    parser.add_argument("--store", choices=("memory", "file", "postgresql"), default="memory")
    parser.add_argument("--kill-every", type=float, default=0.0, metavar="S", help="kill the server every S seconds")
    parser.add_argument("--outage-every", type=float, default=0.0, metavar="S", help="stop PostgreSQL every S seconds")
    parser.add_argument("--sample-every", type=float, default=10.0, metavar="S")
    parser.add_argument("--svg", type=Path, default=Path("build/soak.svg"), metavar="FILE")
    given = parser.parse_args()
    if given.kill_every and given.store == "memory":
        parser.error("a store in memory ends with its process; give another --store")
    if given.outage_every and given.store != "postgresql":
        parser.error("only PostgreSQL can be stopped")
    with tempfile.TemporaryDirectory() as folder:
        often = (given.minutes, given.sample_every, given.kill_every, given.outage_every)
        if given.store == "postgresql":
            database = Database(Path(folder))
            try:
                samples = run(database.url, *often, partial(_stop_for_a_while, database))
            finally:
                database.close()
        else:
            samples = run("sqlite://" if given.store == "memory" else f"sqlite:///{folder}/soak.db", *often)
    given.svg.parent.mkdir(parents=True, exist_ok=True)
    given.svg.write_text(draw(samples))
    print(f"Drawn in {given.svg}.")
    is_left_alone = not given.kill_every and not given.outage_every
    return int(is_left_alone and any(sample.failures for sample in samples))


if __name__ == "__main__":
    sys.exit(main())
