"""Heads of responses on the wire: names with capitals on every one, and no chunks for HTTP/1.0."""

import http.client
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from sms_sandbox.api import routes
from sms_sandbox.app import SandboxParts
from sms_sandbox.web import assets
from tests.sandbox import HANDSET, KEY, SECRET, Account, basic
from tests.server.raw_connections import connect, connect_tls, port_of, read_all

AUTHORIZATION = f"Authorization: {basic(KEY, SECRET)['Authorization']}\r\n"

REQUESTS = {
    "success": "GET /get-balance.json",
    "success in XML": "GET /get-balance.xml",
    "send": f"POST /send-sms.json?message=Hello&to={HANDSET}",
    "refusal": "GET /get-sms.json",
    "unknown method": "GET /nothing.json",
    "page not found": "GET /nothing",
    "no length": "PUT /get-balance.json",
    "options": "OPTIONS /get-balance.json",
    "head": "HEAD /get-balance.json",
    "status page": "GET /_sandbox/",
    "redirect": "GET /_sandbox",
    "root": "GET /",
    "certificate": "GET /_sandbox/ca.pem",
    "description": "GET /_sandbox/openapi.json",
    "health": "GET /livez",
    "wrong verb": "POST /livez",
    "short link": "GET /TapTh.is/aB3dE5fG",
    "control": "GET /_sandbox/v1/messages",
    "control, no such path": "GET /_sandbox/v1/nothing",
    "control, refusal": "POST /_sandbox/v1/inbound",
    "bad request": "NONSENSE",
}

NAME = re.compile(r"WWW-Authenticate|ETag|[A-Z][a-z]*(-[A-Z][a-z]*)*")


def read_head(received: bytes) -> tuple[str, dict[str, str]]:
    """Return the status line and the headers of a response."""
    lines = received.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return lines[0], dict(line.split(": ", 1) for line in lines[1:])


@pytest.fixture(params=["https", "http"])
def connection(server: Account, request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A connection to each of the two listeners."""
    is_tls = request.param == "https"
    with connect_tls(server) if is_tls else connect(server, port_of(server.ready.http)) as opened:
        yield opened


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("case", REQUESTS)
def test_names_have_capitals(connection: socket.socket, case: str, version: str) -> None:
    line = f"{REQUESTS[case]} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n"
    connection.sendall(f"{line}Accept-Encoding: gzip\r\n{AUTHORIZATION}\r\n".encode())
    status, headers = read_head(received := read_all(connection))
    assert status.startswith("HTTP/1.1 ")
    assert [name for name in headers if not NAME.fullmatch(name)] == []
    assert headers["Connection"] == "close"
    assert (version, headers.get("Transfer-Encoding")) != ("1.0", "chunked")
    assert "Content-Length" in headers or "Transfer-Encoding" in headers or version == "1.0" or case == "head"
    if version == "1.0" and "Content-Length" in headers and case != "head":
        assert len(received.partition(b"\r\n\r\n")[2]) == int(headers["Content-Length"])


def test_names_of_the_api_are_spelled_as_the_real_service_spells_them(server: Account) -> None:
    with connect_tls(server) as connection:
        connection.sendall(f"GET /get-balance.json HTTP/1.1\r\nHost: a\r\n{AUTHORIZATION}\r\n".encode())
        _, headers = read_head(connection.recv(1 << 16))
    assert list(headers) == [
        "Date", "Server", "Content-Type", "Expires", "Cache-Control", "Pragma", "X-Mashape-Billing", "Connection",
        "Transfer-Encoding",
    ]  # fmt: skip


def test_names_of_a_stream_and_of_the_page_for_plain_http_have_capitals(server: Account) -> None:
    with connect(server, port_of(server.ready.http)) as stream:
        stream.sendall(b"GET /_sandbox/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _, headers = read_head(stream.recv(1 << 16))
    assert headers["Content-Type"].startswith("text/event-stream")
    with connect(server) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.shutdown(socket.SHUT_WR)
        _, more = read_head(read_all(plain))
    assert [name for name in {**headers, **more} if not NAME.fullmatch(name)] == []


def test_a_client_of_http_1_0_reads_a_stream_until_it_ends(server: Account) -> None:
    with connect(server, port_of(server.ready.http)) as stream:
        stream.sendall(b"GET /_sandbox/v1/events HTTP/1.0\r\nHost: localhost\r\n\r\n")
        _, headers = read_head(stream.recv(1 << 16))
    assert (headers.get("Transfer-Encoding"), headers["Connection"]) == (None, "close")


def test_curl_with_http_1_0_gets_no_chunks(server: Account) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    command = ["curl", "--http1.0", "--silent", "--include", "--cacert", server.ready.ca, "--user", f"{KEY}:{SECRET}"]
    url = f"{server.ready.https}/get-balance.json"
    ran = subprocess.run([*command, "--noproxy", "*", url], capture_output=True, check=True)
    head, _, body = ran.stdout.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert body.startswith(b'{"')
    assert body.endswith(b"}")


def test_a_client_that_expects_100_continue_gets_it(server: Account) -> None:
    body = f"message=Hello&to={HANDSET}".encode()
    head = f"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    with connect_tls(server) as connection:
        connection.sendall(
            f"POST /send-sms.json HTTP/1.1\r\n{head}{AUTHORIZATION}Expect: 100-continue\r\n\r\n".encode()
        )
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 200
        response.read()
        connection.sendall(f"POST /nothing HTTP/1.1\r\n{head}Expect: 100-continue\r\n\r\n".encode())
        status, headers = read_head(read_all(connection))
        assert (status, headers["Connection"]) == ("HTTP/1.1 404 Not Found", "close")


def test_a_client_of_http_1_0_is_sent_no_100_continue(server: Account) -> None:
    with connect_tls(server) as connection:
        head = f"{AUTHORIZATION}Content-Length: 1\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(f"POST /get-balance.json HTTP/1.0\r\n{head}".encode())
        connection.sendall(b"a")
        assert read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("path", "owner", "name", "code"),
    [
        ("/get-balance.json", routes, "_read_body", '"FAILED"'),
        ("/get-balance.xml", routes, "_read_body", "<code>FAILED</code>"),
        ("/_sandbox/v1/messages", SandboxParts, "_wake", '"failed"'),
        ("/_sandbox/", assets, "page_response", '"FAILED"'),
    ],
)
def test_an_error_in_the_sandbox_is_an_api_error(
    server: Account, path: str, owner: object, name: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connect_tls(server) as connection, patch.object(owner, name, side_effect=RuntimeError("error in the sandbox")):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}\r\n".encode())
        response = read_all(connection)
    status, headers = read_head(response)
    assert status == "HTTP/1.1 500 Internal Server Error"
    assert [name for name in headers if not NAME.fullmatch(name)] == []
    assert code in response.decode()
    assert "error in the sandbox" in caplog.text
