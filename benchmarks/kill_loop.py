"""Kill the server again and again under load, and check the books: `python -m benchmarks.kill_loop [--kills N]`.

Clients send without a pause, each text once. Every message that was answered must be stored once, paid once, delivered
and called back; of the calls without an answer, each may have been carried out or not. A callback may arrive twice only
if its first attempt was on the wire, or not recorded yet, when a process was killed.
"""

import argparse
import http.client
import json
import os
import random
import signal
import ssl
import sys
import tempfile
import threading
import time
import urllib.request
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sms_sandbox.server import certificates as tls

from .processes import TIMEOUT_SECONDS, ServerProcess, children, control, first_line, python, sandbox

CLIENTS = 4

PAUSE_SECONDS = (0.1, 1.0)
"""Shortest and longest time from the first answer after a kill to the next kill."""

ON_THE_WIRE_SECONDS = 1.0
"""Largest distance of a callback from a kill that explains its double."""

PAGE = 1000

BALANCE = 1_000_000

AUTHORIZATION = {"Authorization": f"Basic {b64encode(b'sandbox-key:sandbox-secret').decode()}"}


@dataclass
class Books:
    """The findings of a run. There should be no problems."""

    kills: int
    answered: int = 0
    unanswered: int = 0
    carried_out: int = 0
    """Calls that got no answer, but were carried out."""
    callbacks: int = 0
    doubles: int = 0
    problems: list[str] = field(default_factory=list)

    def check(self, wrong: int, problem: str) -> None:
        """Note a problem that was found a number of times."""
        if wrong:
            self.problems.append(f"{wrong} {problem}")

    def __str__(self) -> str:
        counts = (
            f"{self.kills} kills: {self.answered} sends answered; {self.unanswered} not answered, of which "
            f"{self.carried_out} were carried out; {self.callbacks} callbacks, of which {self.doubles} came twice"
        )
        return "\n".join([counts, *(f"  WRONG: {each}" for each in self.problems)])


class Servers:
    """The server under test: one process with a file, or several with a PostgreSQL."""

    def __init__(self, certificates: tls.Certificates, database: str, workers: int) -> None:
        self._certificates = certificates
        self._flags = ["--database", database, "--delivery-delay", "0.2", "--traffic", "1000"]
        self._workers = workers
        self._stack = ExitStack()
        self.server = self._start("--workers", str(workers))
        ports = (str(self.server.https_port), str(urlsplit(self.server.http).port))
        self._flags += ["--https-port", ports[0], "--http-port", ports[1]]

    def _start(self, *flags: str) -> ServerProcess:
        return self._stack.enter_context(sandbox(self._certificates, *self._flags, *flags))

    def kill(self, chance: random.Random) -> None:
        """Kill a process as `kill -9` does, and wait until it is replaced."""
        if self._workers == 1:
            self.server.process.kill()
            self.server.process.wait()
            self.server = self._start()
            return
        victim = chance.choice(children(self.server.process.pid))
        os.kill(victim, signal.SIGKILL)
        until = time.monotonic() + TIMEOUT_SECONDS
        while victim in (processes := children(self.server.process.pid)) or len(processes) < self._workers:
            assert time.monotonic() < until, "a killed process was not replaced"
            time.sleep(0.02)

    def close(self) -> None:
        self._stack.close()


class Client(threading.Thread):
    """Sends one message after the other, each with a text of its own."""

    def __init__(self, name: str, servers: Servers, certificates: tls.Certificates, receiver: str) -> None:
        super().__init__(name=name)
        self._port = servers.server.https_port
        self._context = ssl.create_default_context(cafile=certificates.ca)
        self._receiver = receiver
        self._connection: http.client.HTTPSConnection | None = None
        self.answered: dict[str, int] = {}  # the ids of messages by their texts
        self.unanswered: set[str] = set()
        self.refusals: list[tuple[int, bytes]] = []  # their statuses and bodies
        self.slowest = 0.0
        """The longest time to an answer, in seconds."""
        self.broken = 0
        """Calls whose connection broke."""
        self.is_stopping = False

    def run(self) -> None:
        number = 0
        while not self.is_stopping:
            number += 1
            text = f"{self.name}-{number}"
            began = time.monotonic()
            try:
                status, body = self._send(text)
            except ConnectionRefusedError:  # nothing was sent
                self._disconnect()
                time.sleep(0.02)
            except (OSError, http.client.HTTPException, ssl.SSLError):
                self.unanswered.add(text)
                self.broken += 1
                self._disconnect()
            else:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if status == 200:
                    self.answered[text] = int(json.loads(body)["message_id"])
                else:
                    self.unanswered.add(text)
                    self.refusals.append((status, body))
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, text: str) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "localhost", self._port, timeout=TIMEOUT_SECONDS, context=self._context
            )
        form = urlencode({"to": "61491570156", "message": text, "dlr_callback": f"{self._receiver}/dlr"})
        headers = {**AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/send-sms.json", form, headers)
        reply = self._connection.getresponse()
        return reply.status, reply.read()


def run(certificates: tls.Certificates, database: str, kills: int, workers: int = 1, seed: int = 1) -> Books:
    """Kill processes of a new server under load, and return the books."""
    chance, moments = random.Random(seed), []  # noqa: S311 (not for secrets)
    with under_load(certificates, database, workers) as load:
        with load.sending():
            for _ in range(kills):
                wait_for_answers(load.clients)
                time.sleep(chance.uniform(*PAUSE_SECONDS))
                moments.append(time.time())
                load.servers.kill(chance)
            wait_for_answers(load.clients)
        return check(load, moments)


@dataclass
class Load:
    """A server, its clients, and the receiver of callbacks."""

    servers: Servers
    clients: list[Client]
    receiver: str

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Start the clients, and stop them when the block ends."""
        for client in self.clients:
            client.start()
        try:
            yield
        finally:
            for client in self.clients:
                client.is_stopping = True
            for client in self.clients:
                client.join()


@contextmanager
def under_load(certificates: tls.Certificates, database: str, workers: int, count: int = CLIENTS) -> Iterator[Load]:
    """Start a server, a receiver and clients, which do not send yet."""
    servers = Servers(certificates, database, workers)
    try:
        with python("-m", "benchmarks.receiver") as receiving:
            receiver = f"http://127.0.0.1:{int(first_line(receiving))}"
            control(servers.server, "PATCH", "/account", {"balance": BALANCE})
            clients = [Client(f"client{number}", servers, certificates, receiver) for number in range(count)]
            yield Load(servers, clients, receiver)
    finally:
        servers.close()


def wait_for_answers(clients: list[Client]) -> None:
    """Wait until each client gets answers."""
    before = [len(client.answered) for client in clients]
    until = time.monotonic() + TIMEOUT_SECONDS
    while any(len(client.answered) <= count for client, count in zip(clients, before, strict=True)):
        assert time.monotonic() < until, "calls are not answered again"
        time.sleep(0.02)


def check(load: Load, kills: list[float]) -> Books:
    """Wait until everything that was accepted has ended, and check the books."""
    server, receiver, clients = load.servers.server, load.receiver, load.clients
    answered = {text: id_ for client in clients for text, id_ in client.answered.items()}
    unanswered = {text for client in clients for text in client.unanswered}
    books = Books(len(kills), len(answered), len(unanswered))
    control(server, "POST", "/clock/advance", {"hours": 48})  # all retries are due by then
    stored = list(_read_messages(server))
    texts = Counter(each["text"] for each in stored)
    ids = {each["text"]: each["id"] for each in stored}
    books.carried_out = len(texts.keys() & unanswered)
    books.check(sum(id_ != ids.get(text) for text, id_ in answered.items()), "answered messages are missing")
    books.check(sum(count > 1 for count in texts.values()), "messages are stored more than once")
    books.check(len(texts.keys() - answered.keys() - unanswered), "messages were never sent")
    books.check(sum(each["delivered"] != 1 for each in stored), "messages have no report")
    account = control(server, "GET", "/account")
    paid = sum((Decimal(str(each["cost"])) for each in stored), Decimal())
    difference = BALANCE - paid - Decimal(str(account["balance"]))
    if difference or not paid:
        books.problems.append(f"the balance is wrong by {difference}")
    _check_callbacks(books, receiver, set(ids.values()), kills)
    return books


def _check_callbacks(books: Books, receiver: str, ids: set[int], kills: list[float]) -> None:
    with urllib.request.urlopen(f"{receiver}/_arrivals") as reply:
        arrivals: dict[str, list[float]] = json.load(reply)
    by_message = {int(parse_qs(urlsplit(target).query)["message_id"][0]): times for target, times in arrivals.items()}
    books.callbacks = len(by_message)
    books.check(len(ids - by_message.keys()), "messages have no callback")
    books.check(len(by_message.keys() - ids), "callbacks are of no message")
    twice = [times for times in by_message.values() if len(times) > 1]
    books.doubles = len(twice)
    # A receiver that gets no processor time sees late what was sent before the kill.
    distances = [min((kill - times[0] for kill in kills), key=abs) for times in twice]
    unexplained = [round(distance, 3) for distance in distances if abs(distance) > ON_THE_WIRE_SECONDS]
    books.check(
        len(unexplained), f"callbacks came twice without a kill, with these seconds to the next one: {unexplained}"
    )


def _read_messages(server: ServerProcess) -> Iterator[dict[str, Any]]:
    number, count = 1, 1
    while number <= count:
        page = control(server, "GET", f"/messages?max={PAGE}&page={number}")
        yield from page["messages"]
        number, count = number + 1, page["page"]["count"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_loop", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="kills for each database (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another order of kills")
    parser.add_argument("--only", choices=("file", "postgresql"), help="one database instead of both")
    arguments = parser.parse_args()
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        certificates = tls.ensure(Path(directory))
        for name in ("file", "postgresql"):
            if arguments.only not in (None, name):
                continue
            if name == "file":
                books = run(certificates, f"sqlite:///{directory}/kills.db", arguments.kills, seed=arguments.seed)
            else:
                from tests.postgres import postgres_database

                with postgres_database() as url:
                    books = run(certificates, url, arguments.kills, workers=2, seed=arguments.seed)
            print(f"{name}: {books}", flush=True)
            problems += books.problems
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
