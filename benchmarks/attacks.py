"""Attack a server in the ways that once stopped it: `python -m benchmarks.attacks [NAME…] [--quick]`.

Each attack is bounded. What others see of it is measured while it lasts, and printed beside its limit.
"""

import argparse
import http.client
import json
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from sms_sandbox.server import certificates as tls

from .attack_target import DEFAULT, Finding, Target, head, new_tenant, others, probing, send
from .processes import TIMEOUT_SECONDS, control, sandbox

MAX_GROWTH_MB = 40.0
IMPORT_BYTES = 60 << 20
BALANCE = 1_000_000


def short_connections(target: Target) -> list[Finding]:
    """Open and close TLS connections."""
    context = ssl.create_default_context(cafile=str(target.ca))
    number = target.times(40_000)
    memory: list[float] = []
    for index in range(number):
        with socket.create_connection(("127.0.0.1", target.server.https_port), TIMEOUT_SECONDS) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()
        if index % (number // 5) == number // 5 - 1:
            memory.append(target.server.memory())
    seen = "memory after each fifth: " + ", ".join(f"{each:.0f}" for each in memory) + " MB"
    growth = memory[-1] - memory[0]
    return [Finding(f"{number:,} short TLS connections", seen, "grows by less than 10 MB", growth < 10)]


def slow_heads(target: Target) -> list[Finding]:
    """Send a head with 1,875 possible ends, and long heads in single bytes."""
    start = b"GET / HTTP/1.1\r\nHost: localhost\r"
    repeated = b"\nauthorization:\n\r\nauthorization:a" * 1_875
    lines = b"\nX:" + b"\nX:".join([b"a" * 10] * 4_000)
    with probing(target) as times:
        for many in (repeated, lines, lines, lines):
            with target.connect() as connection, suppress(OSError):  # refused, which is as good
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(start + many[:30_000])
                for each in many[30_000 : 30_000 + target.times(30_000)]:
                    connection.sendall(bytes([each]))
    return [others("heads of 60 kB in single bytes", times)]


def unfinished_imports(target: Target) -> list[Finding]:
    """Begin twenty imports, and send all of them but the last byte."""
    before = target.server.memory()
    piece = b" " * (1 << 20)
    with ExitStack() as held, probing(target) as times:
        connections = [held.enter_context(target.connect()) for _ in range(20)]

        def upload(connection: socket.socket) -> None:
            with suppress(OSError):  # refused with 429, which is read below
                connection.sendall(head("POST", "/_sandbox/v1/import", IMPORT_BYTES, Content_Type="application/json"))
                for _ in range(target.times(60) - 1):
                    connection.sendall(piece)

        threads = [threading.Thread(target=upload, args=(each,)) for each in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        growth = target.server.memory() - before
        refused = sum(is_refused(each) for each in connections)
    seen = f"memory grew by {growth:.0f} MB; {refused} of 20 refused"
    limit = f"less than {MAX_GROWTH_MB:g} MB; 18 refused"
    return [
        Finding("20 unfinished imports of 60 MB", seen, limit, growth < MAX_GROWTH_MB and refused == 18),
        others("the same", times),
    ]


def is_refused(connection: socket.socket) -> bool:
    """Return true if the server has answered 429. An import that it waits for has no answer yet."""
    connection.settimeout(0.2)
    try:
        return b" 429 " in connection.recv(65536).partition(b"\r\n")[0]
    except TimeoutError:
        return False
    except OSError:
        return True  # closed, because more came than was to be read


def file_parts(target: Target) -> list[Finding]:
    """Send 28,000 files in a form, without credentials."""
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n\r\n'
    body = part * 28_000 + b"--x--\r\n"
    answers = set()
    with probing(target) as times:
        for _ in range(target.times(20)):
            with target.connect() as connection:
                kind = "multipart/form-data; boundary=x"
                with suppress(OSError):  # answered and closed before the end
                    connection.sendall(head("POST", "/send-sms.json", len(body), Content_Type=kind) + body)
                try:
                    answers.add(connection.recv(65536).partition(b"\r\n")[0].decode())
                except OSError:
                    answers.add("closed")
    finding = others("forms with 28,000 files", times)
    return [finding._replace(seen=f"{', '.join(sorted(answers))}; {finding.seen}")]


def unread_streams(target: Target) -> list[Finding]:
    """Open a hundred event streams, read none of them, and send."""
    url = urlsplit(target.server.http).netloc
    calls = http.client.HTTPConnection(url, timeout=TIMEOUT_SECONDS)

    def rate() -> float:
        began, number = time.perf_counter(), target.times(600)
        for _ in range(number):
            send(calls)
        return number / (time.perf_counter() - began)

    rate()  # by then all is loaded
    alone, beside = [], []
    for _ in range(3):
        alone.append(rate())
        with ExitStack() as held:
            for _ in range(100):
                connection = held.enter_context(target.connect())
                connection.sendall(head("GET", "/_sandbox/v1/events", Authorization=DEFAULT))
                connection.recv(1, socket.MSG_PEEK)  # it is open; what comes is left unread
            beside.append(rate())
    calls.close()
    part = median(beside) / median(alone)
    seen = f"{median(alone):.0f} sends/s alone, {median(beside):.0f} beside them: {part:.2f}"
    return [Finding("100 event streams that nobody reads", seen, "more than 0.7", part > 0.7)]


def dead_receivers(target: Target) -> list[Finding]:
    """Time the callbacks of a tenant while those of another are never answered."""
    with ExitStack() as held:
        silent = [held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=500)) for _ in range(60)]
        answering = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=500))
        calls = http.client.HTTPConnection(urlsplit(target.server.http).netloc, timeout=TIMEOUT_SECONDS)
        one, other = (new_tenant(target, name) for name in ("attacker", "neighbour"))
        for listener in silent:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            for _ in range(target.times(100)):
                send(calls, one, dlr_callback=url)
        times = []
        answering.settimeout(TIMEOUT_SECONDS)
        for _ in range(20):
            began = time.perf_counter()
            send(calls, other, dlr_callback=f"http://127.0.0.1:{answering.getsockname()[1]}/")
            connection, _ = answering.accept()
            with connection:
                connection.recv(65536)
                times.append(time.perf_counter() - began)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        calls.close()
    seen = f"another tenant's came after {median(times) * 1000:.0f} ms, the last of 20 after {max(times) * 1000:.0f} ms"
    return [Finding("60 receivers that never answer", seen, "under 1 s", max(times) < 1)]


def steady_advance(target: Target) -> list[Finding]:
    """Advance the clock by a minute while four clients send."""
    is_over = threading.Event()
    sent = [0] * 4

    def steady(index: int) -> None:
        calls = http.client.HTTPConnection(urlsplit(target.server.http).netloc, timeout=TIMEOUT_SECONDS)
        while not is_over.is_set():
            send(calls)
            sent[index] += 1
        calls.close()

    threads = [threading.Thread(target=steady, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        began = time.perf_counter()
        answer = control(target.server, "POST", "/clock/advance", {"seconds": 60})
        took = time.perf_counter() - began
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    left = json.dumps({name: value for name, value in answer.items() if isinstance(value, int)})
    seen = f"{took:.2f} s while {sum(sent)} messages were sent; the answer says {left}"
    return [Finding("advance by 60 s under sending", seen, "under 10 s", took < 10)]  # it has the events of a second


def load_all(target: Target) -> None:
    """Send a message and wait for its report; by then all is loaded."""
    calls = http.client.HTTPConnection(urlsplit(target.server.http).netloc, timeout=TIMEOUT_SECONDS)
    send(calls)
    calls.close()
    control(target.server, "POST", "/clock/advance", {"seconds": 60})


ATTACKS: dict[str, Callable[[Target], list[Finding]]] = {
    "connections": short_connections,
    "heads": slow_heads,
    "imports": unfinished_imports,
    "forms": file_parts,
    "streams": unread_streams,
    "receivers": dead_receivers,
    "advance": steady_advance,
}


def main() -> int:
    """Attack a new server in each way, and print the table. The exit code is 1 if a limit was broken."""
    parser = argparse.ArgumentParser(description="Attack a server in the ways that once stopped it.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(ATTACKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="make a tenth of each attack")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in ATTACKS:
            parser.error(f"NAME is one of {', '.join(ATTACKS)}, not {name!r}.")
    kept = True
    print("| Attack | What others see | Limit | |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as directory:
        certificates = tls.ensure(Path(directory) / "certs", ())
        for name in arguments.names or ATTACKS:
            with sandbox(certificates, "--allow-http") as server:
                control(server, "PATCH", "/account", {"balance": BALANCE})
                target = Target(server, certificates.ca, 0.1 if arguments.quick else 1.0)
                load_all(target)
                for finding in ATTACKS[name](target):
                    kept = kept and finding.kept
                    line = (finding.attack, finding.seen, finding.limit, "kept" if finding.kept else "BROKEN")
                    print(f"| {' | '.join(line)} |", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
