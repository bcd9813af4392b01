"""The HTTP client for callbacks and files."""

import asyncio
import re
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from sms_sandbox.simulation.callbacks import http_client
from sms_sandbox.simulation.callbacks.http_client import (
    MAX_KEPT_CHARACTERS,
    CallbackClient,
    CallbackRequest,
)
from sms_sandbox.store.callbacks import Outcome
from tests.simulation.conftest import Receiver
from tests.store.example_rows import NOON

pytestmark = pytest.mark.anyio


def callback_request(url: str, signature: str = "") -> CallbackRequest:
    return CallbackRequest(1, 7, 2, 0, url, signature, NOON, "lane")


async def test_an_attempt_is_a_get_of_the_unchanged_url(client: CallbackClient, receiver: Receiver) -> None:
    url = receiver.url("/a%2Fb", body=b"Thanks") + "?x=%C3%A9+1&x=2&y=a%7Eb%3A%2F"
    outcome = await client.send(callback_request(url, "abc123"))
    (request,) = receiver.requests
    assert (request.verb, request.target) == ("GET", url.removeprefix(receiver.origin))
    assert request.headers["x-transmitsms-signature"] == "abc123"
    assert request.headers["user-agent"] == "sms-sandbox"
    assert {"cookie", "authorization", "content-length"}.isdisjoint(request.headers)
    assert (outcome.tenant, outcome.callback, outcome.number, outcome.at) == (1, 7, 2, NOON)
    assert (outcome.status, outcome.error, outcome.answer) == (200, None, "Thanks")
    assert 0 < outcome.latency < 5_000_000


async def test_without_a_secret_there_is_no_signature(client: CallbackClient, receiver: Receiver) -> None:
    await client.send(callback_request(receiver.url()))
    assert "x-transmitsms-signature" not in receiver.requests[0].headers


async def test_cookies_are_forgotten_and_connections_are_not(client: CallbackClient, receiver: Receiver) -> None:
    url = receiver.url(headers=("Set-Cookie: a=b",))
    await client.send(callback_request(url))
    await client.send(callback_request(url))
    assert "cookie" not in receiver.requests[1].headers
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [201, 204, 299])
async def test_statuses_2xx_are_a_success(client: CallbackClient, receiver: Receiver, status: int) -> None:
    outcome = await client.send(callback_request(receiver.url(statuses=[status], body=b"")))
    assert (outcome.status, outcome.error) == (status, None)


@pytest.mark.parametrize("status", [300, 304, 400, 404, 429, 500, 503])
async def test_other_statuses_are_a_failure(client: CallbackClient, receiver: Receiver, status: int) -> None:
    outcome = await client.send(callback_request(receiver.url(statuses=[status], body=b"")))
    assert (outcome.status, outcome.error) == (status, f"answered {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(client: CallbackClient, receiver: Receiver, status: int) -> None:
    location = f"Location: {receiver.url('/elsewhere')}"
    outcome = await client.send(callback_request(receiver.url(statuses=[status], headers=(location,))))
    assert (outcome.status, outcome.error) == (status, f"answered {status}")
    assert receiver.at("/elsewhere") == []


async def test_only_the_beginning_of_an_answer_is_kept(client: CallbackClient, receiver: Receiver) -> None:
    outcome = await client.send(callback_request(receiver.url(body="é".encode() * 1000)))
    assert outcome.answer == "é" * MAX_KEPT_CHARACTERS


async def test_an_answer_of_any_bytes_is_text_a_database_takes(client: CallbackClient, receiver: Receiver) -> None:
    outcome = await client.send(callback_request(receiver.url(body=b"a\x00b\xff")))
    assert outcome.answer == "a\ufffdb\ufffd"


async def test_a_body_that_does_not_end_is_not_read_to_its_end(client: CallbackClient, receiver: Receiver) -> None:
    outcome = await client.send(callback_request(receiver.url(trick="endless", body=b"begin")))
    assert (outcome.status, outcome.error) == (200, None)
    assert outcome.answer.startswith("beginxxx")


@pytest.mark.parametrize("manner", [{"delay": 30}, {"trick": "drip"}])
async def test_a_slow_answer_times_out(
    client: CallbackClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, manner: dict[str, Any]
) -> None:
    monkeypatch.setattr(http_client, "ATTEMPT_TIMEOUT_SECONDS", 0.2)
    outcome = await client.send(callback_request(receiver.url(**manner)))
    assert outcome.status is None
    assert outcome.error is not None
    assert outcome.error.startswith("timed out after")
    assert outcome.latency >= 200_000


@pytest.mark.parametrize(
    ("trick", "error"),
    [("reset", "the connection was closed without an answer"), ("garbage", "the answer is not HTTP: Bad status line")],
)
async def test_an_invalid_answer_is_a_failure(
    client: CallbackClient, receiver: Receiver, trick: str, error: str
) -> None:
    outcome = await client.send(callback_request(receiver.url("/once", trick=trick)))
    assert (outcome.status, outcome.error) == (None, error)
    assert len(receiver.at("/once")) == 1


async def test_a_refused_connection_is_a_failure(client: CallbackClient) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        outcome = await client.send(callback_request(f"http://{address}/"))
        by_name = await client.send(callback_request(f"http://localhost:{held.getsockname()[1]}/"))
    assert (outcome.status, outcome.error) == (None, f"nothing listens at {address}")
    assert by_name.error == f"nothing listens at {address.replace('127.0.0.1', 'localhost')}"


@pytest.mark.parametrize("url", ["http://", "http://[::1", "ftp://localhost/", "localhost", "http://x y/"])
async def test_an_unusable_url_is_a_failure(client: CallbackClient, url: str) -> None:
    """The API refuses all of these; if one got through, only the attempt would fail."""
    outcome = await client.send(callback_request(url))
    assert outcome.status is None
    assert outcome.error


async def test_proxies_of_the_environment_are_ignored(
    client: CallbackClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    assert (await client.send(callback_request(receiver.url()))).error is None


# HTTPS


async def post_over_tls(receiver: Receiver, ca_bundle: Path | None, authority: trustme.CA) -> Outcome:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    client = CallbackClient(ca_bundle)
    async with receiver.listening(ssl=context) as port:
        outcome = await client.send(callback_request(f"https://localhost:{port}/hook"))
        await client.close()
    return outcome


async def test_an_app_with_a_trusted_certificate_is_called(receiver: Receiver, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    outcome = await post_over_tls(receiver, tmp_path / "ca.pem", authority)
    assert (outcome.status, outcome.error) == (200, None)


async def test_an_app_with_an_unknown_certificate_is_not_called(receiver: Receiver) -> None:
    outcome = await post_over_tls(receiver, None, trustme.CA())
    assert re.fullmatch(
        r"the certificate of localhost:\d+ is not trusted here: unable to get local issuer certificate",
        outcome.error or "",
    )
    assert receiver.requests == []


async def test_an_app_without_https_is_a_failure(client: CallbackClient) -> None:
    """Its callback URL begins with https: instead of http:."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        host = "127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        outcome = await client.send(callback_request(f"https://{host}/"))
    assert re.fullmatch(rf"no HTTPS connection to {host}: [a-z ]+", outcome.error or "")
