"""Several processes behind the same listening sockets, and the parent that keeps them running.

uvicorn's own supervisor starts only uvicorn's own server, so this is one for ours. Its means of starting a process and
of asking it for a sign of life are uvicorn's.
"""

import gc
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from types import FrameType
from typing import NoReturn

import uvicorn
from uvicorn.supervisors.multiprocess import Process

from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, control_token, with_private_secret
from ..store.failures import describe_failure, is_database_failure
from ..store.schema import StoreError, open_store
from ..tenants.startup import TenantSetup
from ..web.metric_exchange import MetricExchange
from .listening_sockets import ServerError, Sockets
from .server import Server, build_addresses, build_info, ensure_certificates, listen_on_both

log = logging.getLogger(__name__)

START_TIMEOUT_SECONDS = 60.0
"""Longest wait until a new process accepts connections."""

_SIGN_OF_LIFE_SECONDS = 60.0
"""Longest time without a sign of life. Then a process is killed and replaced, also during its start."""

CHECK_SECONDS = 0.25
"""Time between two looks at the processes."""

RETRY_SECONDS = 1.0
"""Pause before a process that cannot use the database ends. Then it is started again."""


class Worker(Process):
    """One of the processes. This object is in the parent, and a copy of it in the process itself."""

    def __init__(
        self, settings: Settings, sockets: Sockets, set_up: Callable[[], None], exchange: MetricExchange
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._set_up = set_up
        self._https_count = len(sockets.https)
        self._heard_at = time.monotonic()
        self._is_asked = False
        config = uvicorn.Config("", log_config=None, workers=settings.workers)
        super().__init__(config, [*sockets.https, *sockets.http])

    def target(self, sockets: list | None = None) -> None:  # type: ignore[type-arg]  # uvicorn's signature
        """Serve, in the process itself, until it is stopped or the parent ends."""
        self._set_up()
        gc.disable()
        assert sockets is not None
        own = Sockets(sockets[: self._https_count], sockets[self._https_count :])
        try:
            server = Server(self._settings, owns_process=True, sockets=own, exchange=self._exchange)
        except StoreError as why:
            self._give_up(str(why))
        self._server = server.uvicorn
        Thread(target=self._give_signs_of_life, name="signs-of-life", daemon=True).start()
        Thread(target=_stop_with_parent, args=[server.stop], name="parent-watch", daemon=True).start()
        try:
            server.run(_tune_garbage_collector)
        except Exception as why:
            if not is_database_failure(why):
                raise
            self._give_up(f"The database does not answer: {describe_failure(why)}")

    def _give_up(self, why: str) -> NoReturn:
        """End, to be started again: the database worked when the parent started, so it will work again."""
        log.error("%s It will be tried again.", why)
        time.sleep(RETRY_SECONDS)
        raise SystemExit(1)

    def has_died(self) -> bool:
        """Return True if the process has ended or gives no sign of life. For the parent."""
        if not self.process.is_alive():
            return True
        now = time.monotonic()
        with suppress(OSError, EOFError):
            while self.parent_conn.poll():
                self.parent_conn.recv()
                self._heard_at, self._is_asked = now, False
            if not self._is_asked:
                self.parent_conn.send(b"ping")
                self._is_asked = True
        return now - self._heard_at > _SIGN_OF_LIFE_SECONDS

    def _give_signs_of_life(self) -> None:
        with suppress(EOFError, OSError):  # the parent has ended, or has given this process up
            self.always_pong()


def _tune_garbage_collector() -> None:
    gc.freeze()
    gc.enable()


def _stop_with_parent(stop: Callable[[], None]) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        stop()


class WorkerServer:
    """The parent: it binds the sockets, prepares the database, and keeps the processes running.

    SIGINT and SIGTERM stop all, SIGHUP replaces one after the other.
    """

    def __init__(self, settings: Settings, set_up: Callable[[], None]) -> None:
        """Open sockets and certificates, and prepare the database. `set_up` is called in each new process.

        Raises what `Server` raises, and SeedError.
        """
        settings = with_private_secret(settings)
        # All processes must ask for the same token, so it is made here.
        self._settings = replace(settings, control_token=control_token(settings))
        self._set_up = set_up
        self._should_exit = Event()
        self._should_replace = Event()
        self._workers: list[Worker] = []
        self._folder = TemporaryDirectory(prefix="sms-sandbox-")
        """The folder of the sockets on which the processes exchange metrics; only the owner can enter it."""
        self._sockets = listen_on_both(settings)
        try:
            certificates = ensure_certificates(settings)
            self._addresses = build_addresses(settings, self._sockets, certificates)
            _prepare_database(self._settings)
        except BaseException:
            self._sockets.close()
            self._folder.cleanup()
            raise

    def info(self, pid: int) -> ServerInfo:
        """Return what clients need to know of this server, if its parent is process `pid`."""
        return build_info(self._settings, self._addresses, self._settings.control_token, pid)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called, or until SIGINT or SIGTERM. Calls `on_ready` once all processes serve.

        Raises ServerError if one of them does not start, and what `on_ready` raises.
        """
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle_exit)
        if hasattr(signal, "SIGHUP"):  # not on Windows
            signal.signal(signal.SIGHUP, self._handle_replace)
        try:
            self._workers = [self._start_worker(number) for number in range(self._settings.workers)]
            for worker in self._workers:
                self._wait_until_ready(worker)
            if not self._should_exit.is_set():
                on_ready()
            while not self._should_exit.wait(CHECK_SECONDS):
                self._replace_dead()
                if self._should_replace.is_set():
                    self._should_replace.clear()
                    self._replace_each()
        finally:
            for worker in self._workers:
                worker.terminate()
            for worker in self._workers:
                worker.process.join()
            self._sockets.close()
            self._folder.cleanup()

    def stop(self) -> None:
        """Make `run` end; any thread may call it."""
        self._should_exit.set()

    def _handle_exit(self, _number: int, _frame: FrameType | None) -> None:
        self._should_exit.set()

    def _handle_replace(self, _number: int, _frame: FrameType | None) -> None:
        self._should_replace.set()

    def _start_worker(self, number: int) -> Worker:
        exchange = MetricExchange(Path(self._folder.name), number, self._settings.workers)
        worker = Worker(self._settings, self._sockets, self._set_up, exchange)
        worker.start()
        return worker

    def _wait_until_ready(self, worker: Worker) -> None:
        """Wait until a process serves. Raises ServerError if it does not."""
        if not worker.wait_until_ready(START_TIMEOUT_SECONDS, self._should_exit) and not self._should_exit.is_set():
            raise ServerError("A process of the server did not start; its log says why.")

    def _replace_dead(self) -> None:
        """Start a new process for each that has died, or gives no sign of life."""
        for position, worker in enumerate(self._workers):
            if self._should_exit.is_set() or not worker.has_died():
                continue
            worker.kill()
            worker.process.join()
            if self._should_exit.is_set():
                return
            log.warning("Process %d has ended with code %s and is replaced.", worker.pid, worker.exitcode)
            self._workers[position] = self._start_worker(position)

    def _replace_each(self) -> None:
        """Replace one process after the other. Each goes on until its successor serves."""
        for position, worker in enumerate(self._workers):
            successor = self._start_worker(position)
            if not successor.wait_until_ready(START_TIMEOUT_SECONDS, self._should_exit):
                successor.kill()
                successor.process.join()
                if not self._should_exit.is_set():
                    log.error("A new process did not start, so the old ones go on.")
                return
            self._workers[position] = successor
            worker.terminate()
            worker.process.join()


def _prepare_database(settings: Settings) -> None:
    """Create tables and configured tenants before any process starts.

    So a mistake in the settings is reported once, and not by each process.
    """
    setup = TenantSetup(settings)
    store = open_store(settings.database)
    try:
        with store.begin() as db:
            setup.create_missing(db)
    finally:
        store.close()
