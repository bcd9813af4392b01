"""Connections: kept, shared between tenants and threads, and replaced when the server closed them."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sms_sandbox.client.connections import Connections
from sms_sandbox.testing import Sandbox, SandboxError


@pytest.fixture
def http(server: Sandbox) -> Iterator[Connections]:
    opened = Connections(server.where.http)
    yield opened
    opened.close()


def ask(http: Connections) -> int:
    status, _, _ = http.request("GET", "/livez", None, {}, 5)
    return status


def test_a_connection_is_used_again(http: Connections) -> None:
    assert [ask(http) for _ in range(3)] == [200] * 3
    assert len(http._idle) == 1


def test_threads_do_not_wait_for_each_other(http: Connections) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: ask(http), range(200))) == [200] * 200
    assert 1 <= len(http._idle) <= 8


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = threading.Event()

        def serve() -> None:
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(answer)
                closed.set()

        thread = threading.Thread(target=serve)
        thread.start()
        http = Connections(f"http://localhost:{listening.getsockname()[1]}")
        assert ask(http) == 200
        assert closed.wait(5)
        assert ask(http) == 200
        thread.join()
        http.close()


def test_another_server_is_not_taken_for_a_sandbox() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno")

        thread = threading.Thread(target=serve)
        thread.start()
        port = listening.getsockname()[1]
        with pytest.raises(SandboxError, match=r"Something that is not a sandbox answers at .*, with the status 404"):
            Sandbox.attach(http=f"http://localhost:{port}")
        thread.join()
