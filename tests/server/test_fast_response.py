"""Whole replies on their way out: the same bytes as uvicorn sends, in one piece."""

import asyncio
import logging
from typing import Any, cast

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from sms_sandbox.api.http_responses import send_response
from sms_sandbox.server.fast_response import in_one_piece

JSON = (b"content-type", b"application/json")
BODY = b'{"a":1}'


class Flow:
    """A transport, and the flow on it, that keep what is written."""

    write_paused = False

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.closed = True


async def answered(verb: str, headers: Any, body: bytes, keep_alive: bool, ours: bool, paused: bool = False) -> Flow:
    flow, told = Flow(), []
    flow.write_paused = paused
    log = logging.getLogger("test")

    async def drain() -> None:
        flow.write_paused = False

    flow.drain = drain  # type: ignore[attr-defined]
    scope, stand_in = cast(Any, {"method": verb}), cast(Any, flow)
    cycle = RequestResponseCycle(
        scope, stand_in, stand_in, log, log, False, [(b"date", b"today")], asyncio.Event(), False, keep_alive,
        lambda: told.append("complete"),
    )  # fmt: skip

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send_response(send, 200, headers, body)

    await cycle.run_asgi(in_one_piece(app) if ours else app)
    assert (told, cycle.response_complete, cycle.message_event.is_set()) == (["complete"], True, True)
    return flow


HEADERS = (
    [JSON],
    [JSON, (b"content-length", b"7")],
    [JSON, (b"connection", b"close")],
    [(b"connection", b"keep-alive")],
)


@pytest.mark.anyio
@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("keep_alive", [True, False])
async def test_a_reply_is_the_one_uvicorn_sends_in_one_piece(verb: str, headers: Any, keep_alive: bool) -> None:
    ours, theirs = [await answered(verb, headers, BODY, keep_alive, each) for each in (True, False)]
    assert ours.written == [b"".join(theirs.written)]
    assert ours.closed == theirs.closed


@pytest.mark.anyio
async def test_an_empty_body() -> None:
    ours, theirs = [await answered("GET", [JSON], b"", True, each) for each in (True, False)]
    assert ours.written == [b"".join(theirs.written)]


@pytest.mark.anyio
async def test_a_client_that_does_not_read_is_waited_for() -> None:
    flow = await answered("GET", [JSON], BODY, True, ours=True, paused=True)
    assert b"".join(flow.written).endswith(b"7\r\n" + BODY + b"\r\n0\r\n\r\n")


@pytest.mark.anyio
@pytest.mark.parametrize("header", [(b"x", b"1\r\nset-cookie: a=1"), (b"x y", b"1"), (b"x:", b"1")])
async def test_a_header_stays_a_header(header: tuple[bytes, bytes]) -> None:
    flow = await answered("GET", [header], BODY, True, ours=True)
    assert b"".join(flow.written).startswith(b"HTTP/1.1 500 ")
    assert b"cookie" not in b"".join(flow.written)
