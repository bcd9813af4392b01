"""The limit of open connections, and how long a body may take."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sms_sandbox.server import protocol, uvicorn_server
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.open_connections import OpenConnections
from sms_sandbox.settings import Settings
from tests.sandbox import Account, fetch, run_sandbox
from tests.server.raw_connections import connect, connect_tls, port_of
from tests.timing import DEADLINE_SECONDS, eventually

LIVEZ = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPLOAD = b"POST /get-balance.json HTTP/1.1\r\nHost: localhost\r\n"


class Example:
    """A connection with a name and a state."""

    def __init__(self, name: str, is_idle: bool = True, is_waiting: bool = True) -> None:
        self.name, self.is_idle, self.is_waiting, self.is_fresh, self.dropped = name, is_idle, is_waiting, False, False

    def drop(self) -> None:
        self.dropped = True


def dropped(*examples: Example, limit: int) -> list[str]:
    connections = OpenConnections(limit)
    for each in examples:
        connections.add(each)
    assert len(connections) == min(limit, len(examples))
    return [each.name for each in examples if each.dropped]


def test_the_longest_idle_connection_is_closed_first() -> None:
    assert dropped(*map(Example, "abc"), limit=2) == ["a"]
    assert dropped(*map(Example, "abcde"), limit=2) == ["a", "b", "c"]
    assert dropped(Example("a", False, False), *map(Example, "bc"), limit=2) == ["b"]


def test_without_an_idle_one_the_oldest_that_waits_for_its_client_is_closed() -> None:
    busy, uploading = Example("a", False, False), Example("b", False)
    assert dropped(busy, uploading, Example("c", False), Example("d"), limit=3) == ["b"]
    assert dropped(busy, Example("c", False, False), Example("d"), limit=2) == ["d"]


def test_an_answer_makes_a_connection_the_newest() -> None:
    a, b = Example("a"), Example("b")
    connections = OpenConnections(2)
    for each in (a, b):
        connections.add(each)
    connections.refresh(a)
    connections.add(Example("c"))
    assert (a.dropped, b.dropped) == (False, True)
    connections.remove(b)
    connections.refresh(b)
    assert len(connections) == 2


@contextmanager
def run(certificates: Certificates) -> Iterator[Account]:
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("is_tls", [False, True])
def test_connections_that_do_nothing_are_closed_for_new_ones(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, is_tls: bool
) -> None:
    monkeypatch.setattr(uvicorn_server, "connection_share", lambda: 6)
    with run(certificates) as account, contextlib.ExitStack() as opened:
        port = port_of(account.ready.https if is_tls else account.ready.http)
        silent = [opened.enter_context(connect(account, port)) for _ in range(4)]
        for url in (account.ready.https, account.ready.http):  # when it answers, those that came before are accepted
            assert fetch(f"{url}/livez", ca=account.ready.ca).status == 200
        sending = [opened.enter_context(connect(account, port_of(account.ready.http))) for _ in range(4)]
        for each in sending:
            each.sendall(UPLOAD + b"Content-Length: 9\r\n\r\n1")
        assert account.control("GET", "/traffic").status == 200
        assert account.api("get-balance")["balance"] == 1000
        assert all(map(is_closed, silent))
        with connect_tls(account) as connection:
            for _ in range(3):
                connection.sendall(LIVEZ)
                assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("head", [b"Content-Length: 9\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_stops_ends_its_connection(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr(protocol, "BODY_TIMEOUT_SECONDS", 0.3)
    with run(certificates) as account:
        for begin in (b"", b"1"):
            with connect_tls(account) as connection:
                connection.settimeout(DEADLINE_SECONDS)
                connection.sendall(UPLOAD + head + begin)
                assert is_closed(connection)


def test_a_slow_body_is_waited_for(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_TIMEOUT_SECONDS", 1.5)
    with run(certificates) as account:
        for _ in range(10):
            longest = upload_slowly(account)
            if longest < 1:  # otherwise this machine was too slow for the limit
                return
        raise AssertionError("this machine is too slow to send a byte within a second")


def upload_slowly(account: Account) -> float:
    """Send a body byte by byte, and another request on the same connection. Return the longest pause.

    The answers are checked if no pause was too long.
    """
    pauses: list[float] = []
    answers: list[bytes] = []
    with connect_tls(account) as connection, contextlib.suppress(ConnectionError, ssl.SSLError):
        connection.sendall(UPLOAD + b"Content-Length: 6\r\n\r\n")
        before = time.monotonic()
        for byte in b"a=b&c=":
            time.sleep(0.3)
            connection.sendall(bytes([byte]))
            pauses.append(time.monotonic() - before)
            before = time.monotonic()
        answers.append(connection.recv(1 << 16))
        time.sleep(1.6)
        connection.sendall(LIVEZ)
        answers.append(connection.recv(1 << 16))
    longest = max(pauses, default=0)
    if longest < 1:
        assert [each[:9] for each in answers] == [b"HTTP/1.1 "] * 2
        assert answers[1].startswith(b"HTTP/1.1 200")
    return longest


def test_connections_that_ended_are_not_counted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[OpenConnections] = []

    def create(limit: int) -> OpenConnections:
        created.append(OpenConnections(limit))
        return created[-1]

    monkeypatch.setattr(uvicorn_server, "OpenConnections", create)
    with run(certificates) as account:
        for _ in range(3):
            connect(account).close()
            connect_tls(account).close()
            connect(account, port_of(account.ready.http)).close()
        eventually(lambda: len(created[0]) == 0)
