"""The server in a process: how it starts, fails and stops."""

import socket
import threading
import time
from pathlib import Path

import pytest

from sms_sandbox.app import SandboxParts
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.server import Server
from sms_sandbox.settings import Settings
from sms_sandbox.store.schema import StoreError, open_store
from tests.sandbox import run_sandbox
from tests.server.raw_connections import connect_tls


@pytest.fixture
def new_server(certificates: Certificates, tmp_path: Path) -> Server:
    """A server that does not run yet, with its store in a file."""
    database = f"sqlite:///{tmp_path / 'store.db'}"
    return Server(Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=database))


def ports_of(server: Server) -> list[int]:
    return [int(url.rpartition(":")[2]) for url in (server.info(0).https, server.info(0).http)]


def assert_closed(server: Server) -> None:
    """Check that nothing listens any more, and that the store is closed."""
    for port in ports_of(server):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    open_store(server.sandbox.settings.database).close()


def test_an_error_of_the_start_is_raised_and_everything_closed(
    new_server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start = SandboxParts.start

    async def fail(sandbox: SandboxParts) -> None:
        await start(sandbox)
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(SandboxParts, "start", fail)
    calls: list[str] = []
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        new_server.run(lambda: calls.append("ready"))
    assert calls == []
    assert caplog.records == []
    assert_closed(new_server)


def test_an_error_of_the_caller_stops_the_server_and_is_raised(
    new_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def on_ready() -> None:
        for port in ports_of(new_server):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(StoreError):
            open_store(new_server.sandbox.settings.database)
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        new_server.run(on_ready)
    assert caplog.records == []
    assert_closed(new_server)


def test_an_error_of_the_end_is_raised(
    new_server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = SandboxParts.stop

    async def fail(sandbox: SandboxParts) -> None:
        await stop(sandbox)
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(SandboxParts, "stop", fail)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        new_server.run(new_server.stop)
    assert caplog.records == []
    assert_closed(new_server)


def test_a_stop_before_the_start_is_a_stop(new_server: Server) -> None:
    new_server.stop()
    thread = threading.Thread(target=new_server.run, args=[lambda: None])
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert_closed(new_server)


def test_idle_clients_that_say_no_goodbye_do_not_delay_the_stop(certificates: Certificates) -> None:
    """uvicorn's own TLS listener waits 30 seconds for the goodbye of each."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        idle = [connect_tls(account) for _ in range(3)]
        for connection in idle:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in connection.recv(1 << 16)
        began = time.monotonic()
    assert time.monotonic() - began < 20
    for connection in idle:
        connection.close()
