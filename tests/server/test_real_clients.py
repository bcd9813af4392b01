"""Clients that need more than uvicorn alone gives them.

Other tests show that they fail with uvicorn alone, and so tell when a part of `sms_sandbox.server` can go.
"""

import http.client
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import HANDSET, KEY, SECRET, Account, basic, run_sandbox
from tests.server.raw_connections import connect, connect_tls, port_of, read_all
from tests.timing import eventually

CLIENTS = Path(__file__).parents[1] / "clients"

AUTHORIZATION = basic(KEY, SECRET)["Authorization"]


def curl(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run curl; skip the test where it is not installed."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@contextmanager
def uvicorn_alone(**settings: Any) -> Iterator[int]:
    """Run uvicorn with its own protocol and listener on a thread; its port."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, **settings)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=[[listening]])
        thread.start()
        try:
            eventually(lambda: server.started)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


# A line feed at the end of an Authorization. The vendor's Ruby gem sends it, by libcurl, which passes it on.


GEM_HEAD = (
    "Host: localhost\r\nUser-Agent: ruby-swagger-4.06.08\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Api-Key: \r\nAuthorization: {AUTHORIZATION}\n\r\n"
)
"""A head of the gem `ruby-transmitsms`, up to what libcurl adds to a POST."""

GEM_REQUESTS = {
    "get-balance": f"POST /get-balance.json HTTP/1.1\r\n{GEM_HEAD}Content-Length: 4\r\n\r\nnull",
    "format-number": f"GET /format-number.json?msisdn=0491570156&countrycode=au HTTP/1.1\r\n{GEM_HEAD}\r\n",
    "send-sms": (
        f"POST /send-sms.json?message=Hello&to={HANDSET}&from=&send_at=&list_id=&validity= HTTP/1.1\r\n{GEM_HEAD}"
        "Content-Length: 4\r\n\r\nnull"
    ),
}


@pytest.mark.parametrize("request_bytes", GEM_REQUESTS.values(), ids=GEM_REQUESTS)
def test_the_requests_of_the_vendors_ruby_gem_are_answered(server: Account, request_bytes: str) -> None:
    with connect_tls(server) as connection:
        connection.sendall(request_bytes.encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, json.loads(response.read())["error"]["code"]) == (200, "SUCCESS")


def with_line_feed(url: str) -> "subprocess.CompletedProcess[str]":
    """Send a message by curl, with a line feed at the end of the Authorization."""
    form = f"message=Hello&to={HANDSET}"
    return curl("--header", f"Authorization: {AUTHORIZATION}\n", "--data", form, "--write-out", "\n%{http_code}", url)


def test_curl_may_send_a_line_feed_with_its_authorization(server: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURL_CA_BUNDLE", server.ready.ca)
    body, _, status = with_line_feed(f"{server.ready.https}/send-sms.json").stdout.rpartition("\n")
    assert (status, json.loads(body)["error"]["code"]) == ("200", "SUCCESS")


def test_uvicorn_alone_refuses_an_authorization_with_a_line_feed() -> None:
    """If this fails, uvicorn accepts it, and `request_head` can be removed."""
    with uvicorn_alone() as port:
        assert with_line_feed(f"http://127.0.0.1:{port}/send-sms.json").stdout.rpartition("\n")[2] == "400"


# A body after an offer to upgrade to HTTP/2, as Java's client sends it by default where there is no TLS.


def test_java_may_offer_http_2_with_a_body(certificates: Certificates) -> None:
    if shutil.which("java") is None:
        pytest.skip("java is not on this machine")
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), allow_http=True, throttle=0)
    with run_sandbox(settings) as account:
        arguments = [f"{account.ready.http}/send-sms.json", AUTHORIZATION, f"message=Hello&to={HANDSET}"]
        ran = subprocess.run(["java", str(CLIENTS / "Post.java"), *arguments], capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        answers = [line.partition(" ") for line in ran.stdout.splitlines()]
        assert [(status, json.loads(body)["recipients"]) for status, _, body in answers] == [("200", 1)] * 4
        assert len(account.ok("GET", "/messages")["messages"]) == 4


OFFER = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\nUpgrade: h2c\r\n"
INNER = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "framed",
    [
        f"Content-Length: {len(INNER)}\r\n\r\n{INNER}",
        f"Transfer-Encoding: chunked\r\n\r\n{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n",
    ],
    ids=["length", "chunks"],
)
@pytest.mark.parametrize("tls", [True, False])
def test_a_request_inside_a_body_behind_an_offer_is_not_carried_out(server: Account, framed: str, tls: bool) -> None:
    with connect_tls(server) if tls else connect(server, port_of(server.ready.http)) as connection:
        for _ in range(3):
            connection.sendall(f"POST /get-balance.json HTTP/1.1\r\nHost: localhost\r\n{OFFER}{framed}".encode())
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert b'"error"' in response.read()
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b"ready" in read_all(connection)


# A refused body. Most clients send all of it before they read, and a reset would lose the response.


UNWANTED = 20 << 20
"""More than the buffers of a connection hold."""


@pytest.mark.parametrize(
    ("request_line", "line", "status", "tls"),
    [
        ("POST /send-sms.json HTTP/1.1", "Accept: */*", 413, False),
        ("POST /send-sms.json HTTP/1.1", "Accept: */*", 413, True),
        ("POST /nothing HTTP/1.1", "Connection: close", 404, False),
        ("POST /nothing HTTP/1.1", "Connection: close", 404, True),
        ("POST /nothing HTTP/1.0", "Accept: */*", 404, False),
        ("POST /_sandbox/v1/inbound HTTP/1.1", "Connection: close", 413, False),
    ],
)
def test_a_client_that_is_refused_early_reads_why(
    server: Account, request_line: str, line: str, status: int, tls: bool
) -> None:
    with connect_tls(server) if tls else connect(server, port_of(server.ready.http)) as connection:
        connection.sendall(
            f"{request_line}\r\nHost: localhost\r\n{line}\r\nContent-Length: {UNWANTED}\r\n\r\n".encode()
        )
        connection.sendall(b"x" * UNWANTED)
        assert int(read_all(connection).split(b" ", 2)[1]) == status


def test_a_client_that_waits_to_be_asked_for_its_body_is_not_waited_for(server: Account) -> None:
    with connect(server, port_of(server.ready.http)) as connection:
        head = (
            f"POST /nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {UNWANTED}\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert read_all(connection).startswith(b"HTTP/1.1 404")


# Plain HTTP on the HTTPS port, as by an app whose base URL begins with http: instead of https:


PAGE = "The plain HTTP request was sent to HTTPS port"


def test_curl_is_told_that_it_sent_plain_http_to_the_https_port(server: Account) -> None:
    url = server.ready.https.replace("https:", "http:")
    body, _, status = curl("--data", "a=1", "--write-out", "\n%{http_code}", f"{url}/x.json").stdout.rpartition("\n")
    assert (status, PAGE in body) == ("400", True)


def test_python_clients_are_told_that_they_sent_plain_http_to_the_https_port(server: Account) -> None:
    url = server.ready.https.replace("https:", "http:")
    with httpx2.Client(trust_env=False) as client:
        answer = client.post(f"{url}/send-sms.json", data={"message": "x" * 100_000})
    assert (answer.status_code, PAGE in answer.text) == (400, True)
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(url).port, timeout=10)
    connection.request("GET", "/get-balance.json")
    response = connection.getresponse()
    assert (response.status, PAGE in response.read().decode()) == (400, True)
    connection.close()


def test_uvicorn_alone_cuts_plain_http_off(certificates: Certificates) -> None:
    """If this fails, the look at the first byte can be removed."""
    key, certificate = certificates.key, certificates.certificate
    with uvicorn_alone(ssl_keyfile=key, ssl_certfile=certificate) as port:
        failed = curl(f"http://127.0.0.1:{port}/x.json")
    assert failed.returncode in (52, 56), failed.stderr  # an empty reply, or a reset
    assert failed.stdout == ""
