"""Answers to callbacks with bodies that are wrong: only the status decides (reference 9.3)."""

import asyncio
import gzip
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from sms_sandbox.simulation.callbacks import http_client, response_heads
from sms_sandbox.simulation.callbacks.http_client import CallbackClient, FetchError
from sms_sandbox.simulation.callbacks.response_heads import HeadReducer, reduce_head
from tests.simulation.callbacks.test_http_client import callback_request
from tests.timing import DEADLINE_SECONDS

pytestmark = pytest.mark.anyio

ZIPPED = gzip.compress(b"hello")
BODIES = {
    "as it should be": (b"Content-Length: 2\r\n\r\nok", "ok"),
    "in chunks": (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"),
    "compressed": (b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED) + ZIPPED, "hello"),
    "deflated": (b"Content-Encoding: deflate\r\nConnection: close\r\n\r\n" + zlib.compress(b"hello"), "hello"),
    "not compressed": (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "not deflated": (b"Content-Encoding: deflate\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "compressed and cut": (b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" + ZIPPED[:12], None),
    "in Brotli": (b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "in Zstandard": (b"Content-Encoding: zstd\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "in an unknown coding": (b"Content-Encoding: x\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "a bomb": (b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + gzip.compress(b"x" * 10_000_000), None),
    "cut": (b"Content-Length: 20\r\n\r\nok", "ok"),
    "nothing of it": (b"Content-Length: 20\r\n\r\n", ""),
    "cut in a chunk": (b"Transfer-Encoding: chunked\r\n\r\n5\r\nok", "ok"),
    "without the last chunk": (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "ok"),
    "a wrong chunk": (b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n", None),
    "chunks with line feeds": (b"Transfer-Encoding: chunked\r\n\r\n2\nok\n0\n\n", None),
    "an enormous chunk": (b"Transfer-Encoding: chunked\r\n\r\n11111111111111111111\r\nok", None),
    "no chunks": (b"Transfer-Encoding: chunked\r\n\r\nok", None),
    "chunks and a length": (b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"),
    "two lengths": (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "lengths in a list": (b"Content-Length: 2, 2\r\n\r\nok", "ok"),
    "a negative length": (b"Content-Length: -1\r\n\r\nok", ""),
    "a length of words": (b"Content-Length: two\r\n\r\nok", ""),
    "more than its length": (b"Content-Length: 2\r\n\r\nok and more", "ok"),
    "too long": (b"Connection: close\r\n\r\n" + b"x" * 500_000, None),
    "until the end": (b"\r\nok", "ok"),
    "behind a long head": (b"X: " + b"y" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "behind many lines": (b"X: y\r\n" * 300 + b"Content-Length: 2\r\n\r\nok", "ok"),
    "behind an odd line": (b"no colon\r\n: no name\r\nX\x00: y\r\nContent-Length: 2\r\n\r\nok", "ok"),
    "behind line feeds": (b"X: y\nContent-Length: 2\n\nok", "ok"),
}
"""Parts of a response after its status line, and the text that is kept; None if any is."""


@contextmanager
def answering(data: bytes, with_reset: bool = False, size: int = 1 << 30) -> Iterator[str]:
    """Answer one request with these bytes, in pieces, and close the connection; the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(1 << 16)
                for start in range(0, len(data), size):
                    connection.sendall(data[start : start + size])
                if with_reset:
                    time.sleep(0.1)  # so that it does not overtake what was sent
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            thread.join(10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", [200, 201, 299])
async def test_a_callback_is_delivered_with_any_body(
    client: CallbackClient, monkeypatch: pytest.MonkeyPatch, body: str, status: int
) -> None:
    monkeypatch.setattr(http_client, "ATTEMPT_TIMEOUT_SECONDS", DEADLINE_SECONDS)
    rest, kept = BODIES[body]
    with answering(b"HTTP/1.1 %d Status\r\n" % status + rest) as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error) == (status, None)
    assert kept is None or outcome.answer == kept


@pytest.mark.parametrize("body", BODIES)
async def test_a_refused_callback_keeps_its_status(client: CallbackClient, body: str) -> None:
    with answering(b"HTTP/1.1 503 Status\r\n" + BODIES[body][0]) as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error) == (503, "answered 503")


@pytest.mark.parametrize("body", ["as it should be", "in chunks", "a wrong chunk", "two lengths", "behind line feeds"])
async def test_an_answer_in_single_bytes_is_read(client: CallbackClient, body: str) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n" + BODIES[body][0], size=1) as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error) == (200, None)


async def test_a_body_that_ends_with_a_reset_is_accepted(client: CallbackClient) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", with_reset=True) as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error, outcome.answer) == (200, None, "ok")


async def test_a_status_without_a_body_may_have_one(client: CallbackClient) -> None:
    with answering(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok") as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error) == (204, None)


async def test_interim_answers_are_skipped(client: CallbackClient) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    with answering(early * 2 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error, outcome.answer) == (200, None, "ok")


@pytest.mark.parametrize("size", [7, 1 << 30])
async def test_interim_answers_without_end_are_no_answer(
    client: CallbackClient, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    with answering(b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000 + b"HTTP/1.1 200 OK\r\n\r\n", size=size) as url:
        outcome = await client.send(callback_request(url))
    assert (outcome.status, outcome.error) == (None, "the connection was closed without an answer")
    assert caplog.text == ""


async def test_each_byte_of_a_head_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    class Counting:
        def search(self, data: bytearray, start: int) -> object:
            nonlocal looked
            looked += len(data) - start
            return real.search(data, start)

    real = response_heads._END
    monkeypatch.setattr(response_heads, "_END", Counting())
    connection = HeadReducer(asyncio.get_running_loop())
    connection.set_response_params()
    head = b"HTTP/1.1 200 OK\r\nX: " + b"y" * 50_000
    for at in range(len(head)):
        connection.data_received(head[at : at + 1])
    assert len(head) <= looked <= 4 * len(head)


@pytest.mark.parametrize("data", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n"])
async def test_an_answer_without_a_status_is_a_failure(client: CallbackClient, data: bytes) -> None:
    with answering(data) as url:
        outcome = await client.send(callback_request(url))
    assert outcome.status is None
    assert outcome.error


@pytest.mark.parametrize("body", ["cut", "cut in a chunk", "without the last chunk", "a wrong chunk", "not compressed"])
async def test_a_file_must_be_complete(client: CallbackClient, body: str) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n" + BODIES[body][0]) as url, pytest.raises(FetchError):
        await client.fetch(url, lambda _: None)


def test_a_head_is_reduced_to_its_status_and_one_length() -> None:
    head = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    reduced = b"HTTP/1.1 200 Status\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"
    assert reduce_head(head) == reduced
    assert reduce_head(reduced) == reduced
    assert reduce_head(b"nonsense\r\n\r\n") == b"nonsense\r\n\r\n"


async def test_aiohttp_has_what_is_used_of_it_without_documentation() -> None:
    for name in ("set_response_params", "data_received", "set_exception"):
        assert callable(getattr(ResponseHandler, name, None))
        assert name in vars(HeadReducer)
    connector = aiohttp.TCPConnector()
    assert hasattr(connector, "_factory")
    assert hasattr(ResponseHandler(connector._loop), "_payload")
    await connector.close()
