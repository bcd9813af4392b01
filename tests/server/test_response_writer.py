"""Complete responses: the same bytes as uvicorn writes for two ASGI messages, in one piece."""

import asyncio
import logging
from typing import Any, cast

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from sms_sandbox.api.http_responses import send_response
from sms_sandbox.server.response_writer import write_response

JSON = (b"content-type", b"application/json")
BODY = b'{"a":1}'


class Flow:
    """A transport, and its flow control, that keep what is written."""

    def __init__(self, paused: bool = False) -> None:
        self.written: list[bytes] = []
        self.closed = False
        self.write_paused = paused

    async def drain(self) -> None:
        self.write_paused = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True


class Answered:
    """A request that an application answers: the cycle of uvicorn, and what it wrote."""

    def __init__(self, verb: str, keep_alive: bool, paused: bool = False) -> None:
        self.flow = Flow(paused)
        self.completed = 0
        log = logging.getLogger("test")
        self.cycle = RequestResponseCycle(
            cast(Any, {"method": verb}), cast(Any, self.flow), cast(Any, self.flow), log, log, False,
            [(b"date", b"today")], asyncio.Event(), False, keep_alive, self._complete,
        )  # fmt: skip

    def _complete(self) -> None:
        self.completed += 1

    async def by_messages(self, headers: Any, body: bytes) -> list[bytes]:
        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send_response(send, 200, headers, body)

        await self.cycle.run_asgi(app)
        return self.flow.written


HEADERS = (
    [JSON],
    [JSON, (b"content-length", b"7")],
    [JSON, (b"connection", b"close")],
    [(b"connection", b"keep-alive")],
)


@pytest.mark.anyio
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("body", [BODY, b""])
@pytest.mark.parametrize("keep_alive", [True, False])
async def test_a_response_has_the_bytes_that_uvicorn_writes(
    verb: str, headers: Any, body: bytes, keep_alive: bool
) -> None:
    if not body and (b"content-length", b"7") in headers:
        headers = [JSON, (b"content-length", b"0")]
    theirs, ours = Answered(verb, keep_alive), Answered(verb, keep_alive)
    expected = b"".join(await theirs.by_messages(headers, body))
    assert write_response(ours.cycle, 200, headers, body)
    assert ours.flow.written == [expected]
    assert (ours.flow.closed, ours.completed) == (theirs.flow.closed, 1)
    assert ours.cycle.response_complete
    assert ours.cycle.message_event.is_set()


@pytest.mark.anyio
async def test_a_client_that_reads_slowly_gets_asgi_messages() -> None:
    slow = Answered("GET", True, paused=True)
    assert not write_response(slow.cycle, 200, [JSON], BODY)
    assert slow.flow.written == []
    assert b"".join(await slow.by_messages([JSON], BODY)).endswith(b"7\r\n" + BODY + b"\r\n0\r\n\r\n")


@pytest.mark.anyio
async def test_a_client_that_is_gone_gets_nothing() -> None:
    gone = Answered("GET", True)
    gone.cycle.disconnected = True
    assert not write_response(gone.cycle, 200, [JSON], BODY)
    assert gone.flow.written == []


@pytest.mark.anyio
async def test_a_response_is_written_once() -> None:
    once = Answered("GET", True)
    assert write_response(once.cycle, 200, [JSON], BODY)
    assert not write_response(once.cycle, 500, [JSON], BODY)
    assert len(once.flow.written) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("header", [(b"x", b"1\r\nset-cookie: a=1"), (b"x y", b"1"), (b"x:", b"1")])
async def test_a_header_that_would_become_two_is_an_error(header: tuple[bytes, bytes]) -> None:
    injected = Answered("GET", True)
    with pytest.raises(ValueError, match="can't be a header"):
        write_response(injected.cycle, 200, [header], BODY)
    assert injected.flow.written == []
