"""Log lines about clients that send no requests or do not wait for answers."""

import asyncio
import logging
import socket
import ssl
import struct
import time
from collections.abc import Callable

import pytest

from sms_sandbox.store import grouped_log
from sms_sandbox.store.grouped_log import GroupedLog
from tests.sandbox import KEY, SECRET, Account, basic
from tests.server.raw_connections import connect, connect_tls, port_of
from tests.timing import eventually

LOGGER = logging.getLogger("refusals")
HEAD = b"Host: localhost\r\nAuthorization: " + basic(KEY, SECRET)["Authorization"].encode() + b"\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\n" + HEAD + b"\r\n"
_WAIT = b'{"of": "calls", "count": 1000000, "timeout_seconds": 60}'
BEGUN = {
    "a request": LIVEZ,
    "many requests": LIVEZ * 20,
    **{
        f"half a body to {path}": b"POST %s HTTP/1.1\r\n" % path.encode()
        + HEAD
        + b"Content-Length: 100\r\n\r\nmessage=1"
        for path in ("/send-sms.json", "/_sandbox/v1/inbound", "/_sandbox/sign-in", "/_sandbox/receiver/default/app")
    },
    "an event stream": b"GET /_sandbox/v1/events HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a wait": b"POST /_sandbox/v1/wait HTTP/1.1\r\n"
    + HEAD
    + b"Content-Type: application/json\r\n"
    + b"Content-Length: %d\r\n\r\n" % len(_WAIT)
    + _WAIT,
    "an export": b"GET /_sandbox/v1/export HTTP/1.1\r\n" + HEAD + b"\r\n",
}


def reset(connection: socket.socket) -> None:
    """Close a connection with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def connect_plain(server: Account) -> socket.socket:
    return connect(server, port_of(server.ready.http))


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("begun", BEGUN)
def test_a_reset_connection_is_not_logged(
    server: Account, begun: str, is_tls: bool, caplog: pytest.LogCaptureFixture
) -> None:
    open_one: Callable[[Account], socket.socket] = connect_tls if is_tls else connect_plain
    for attempt in range(20):
        connection = open_one(server)
        connection.sendall(BEGUN[begun])
        time.sleep(0.002 * (attempt % 10))
        reset(connection)
    server.send()
    server.ok("GET", "/traffic")
    assert caplog.text == ""


def test_bad_requests_are_one_line_a_second_with_their_number(
    server: Account, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouped_log, "INTERVAL_SECONDS", 1.0)
    began = time.monotonic()
    for _ in range(50):
        with connect_plain(server) as connection:
            connection.sendall(b"GARBAGE\r\n\r\n")
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
    took = time.monotonic() - began

    def count() -> int:
        return sum(int(message.partition("(")[2].partition(" ")[0] or 1) for message in caplog.messages)

    eventually(lambda: count() == 50)
    assert len(caplog.messages) <= 2 + took
    assert all(message.startswith("Invalid HTTP request received.") for message in caplog.messages)


def test_other_log_lines_pass_at_once(caplog: pytest.LogCaptureFixture) -> None:
    log = GroupedLog(LOGGER, "requests")
    assert log.level == LOGGER.level
    for _ in range(3):
        log.error("an error in the sandbox: %s", "this")
    assert caplog.messages == ["an error in the sandbox: this"] * 3


def test_the_last_count_is_logged_when_the_server_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        log = GroupedLog(LOGGER, "requests")
        for reason in ("one", "two", "three"):
            log.warning(reason)
        log.flush()
        log.warning("four")
        log.flush()
        log.flush()

    asyncio.run(run())
    assert caplog.messages == ["one", "three (2 requests like this)", "four"]


def test_https_on_the_plain_port_is_refused_at_once(server: Account, caplog: pytest.LogCaptureFixture) -> None:
    with connect_plain(server) as connection, pytest.raises(ssl.SSLError, match=r"(?i)wrong.version.number|record"):
        ssl.create_default_context().wrap_socket(connection, server_hostname="localhost")
    eventually(lambda: "127.0.0.1 speaks HTTPS to a port for plain HTTP." in caplog.text)
