"""Responses: the same bytes as uvicorn writes, but for the spelling of names and for old clients."""

import asyncio
import logging
import re
from typing import Any, cast

import pytest
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from sms_sandbox.api.http_responses import send_response
from sms_sandbox.server.response_writer import ResponseWriter, spell_head

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

    def __init__(self, verb: str, keep_alive: bool, paused: bool = False, version: str = "1.1") -> None:
        self.flow = Flow(paused)
        self.completed = 0
        log = logging.getLogger("test")
        self.cycle = RequestResponseCycle(
            cast(Any, {"method": verb, "http_version": version}), cast(Any, self.flow), cast(Any, self.flow), log, log,
            False,
            [(b"date", b"today")], asyncio.Event(), False, keep_alive, self._complete,
        )  # fmt: skip
        self.cycle.more_body = False  # the whole request was read
        self.writer = ResponseWriter(self.cycle)

    def _complete(self) -> None:
        self.completed += 1

    async def by_uvicorn(self, headers: Any, body: bytes) -> bytes:
        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send_response(send, 200, headers, body)

        await self.cycle.run_asgi(app)
        return b"".join(self.flow.written)

    async def by_messages(self, headers: Any, *parts: bytes, status: int = 200) -> bytes:
        await self.writer.send({"type": "http.response.start", "status": status, "headers": headers})
        for number, part in enumerate(parts, 1):
            await self.writer.send({"type": "http.response.body", "body": part, "more_body": number < len(parts)})
        return b"".join(self.flow.written)


def with_capitals(response: bytes) -> bytes:
    """Return a response of uvicorn with its headers spelled as nginx spells them."""
    head, _, body = response.partition(b"\r\n\r\n")
    spelled = re.sub(rb"(?<=\n)[a-z-]+(?=:)", lambda name: b"-".join(map(bytes.capitalize, name[0].split(b"-"))), head)
    return spelled + b"\r\n\r\n" + body


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
    assert await ours.by_messages(headers, body) == with_capitals(await theirs.by_uvicorn(headers, body))
    assert (ours.flow.closed, ours.completed) == (theirs.flow.closed, 1)
    assert ours.cycle.response_complete
    assert ours.cycle.message_event.is_set()


@pytest.mark.anyio
@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_a_body_gets_none(status: int) -> None:
    answered = Answered("GET", True)
    assert await answered.by_messages([], b"", status=status) == STATUS_LINE[status] + b"Date: today\r\n\r\n"


@pytest.mark.anyio
@pytest.mark.parametrize("headers", [[JSON], [JSON, (b"connection", b"close")]])
async def test_a_client_of_http_1_0_gets_no_chunks(headers: Any) -> None:
    answered = Answered("GET", False, version="1.0")
    head, _, body = (await answered.by_messages(headers, BODY[:3], b"", BODY[3:])).partition(b"\r\n\r\n")
    assert body == BODY
    assert head.split(b"\r\n")[1:] == [b"Date: today", b"Content-Type: application/json", b"Connection: close"]
    assert answered.flow.closed


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [[b"{}"], [b"", b"{}"], [b"{", b"", b"}"], [b"{}", b""]])
async def test_a_body_may_be_sent_in_parts(parts: list[bytes]) -> None:
    chunked, whole = Answered("GET", True), Answered("GET", True)
    _, _, body = (await chunked.by_messages([JSON], *parts)).partition(b"\r\n\r\n")
    assert body == b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*filter(None, parts), b""])
    response = await whole.by_messages([JSON, (b"content-length", b"2")], *parts)
    assert response.endswith(b"\r\nContent-Length: 2\r\n\r\n{}")


@pytest.mark.anyio
@pytest.mark.parametrize("parts", [[b"a"], [b"abc"], [b"a", b""], [b"ab", b"c", b""]])
async def test_a_body_has_the_length_of_its_head(parts: list[bytes]) -> None:
    answered = Answered("GET", True)
    with pytest.raises(RuntimeError, match="another length"):
        await answered.by_messages([(b"content-length", b"2")], *parts)
    assert not answered.cycle.response_complete


@pytest.mark.anyio
async def test_messages_come_in_order() -> None:
    answered = Answered("GET", True)
    with pytest.raises(RuntimeError, match="does not come next"):
        await answered.writer.send({"type": "http.response.body", "body": b""})
    await answered.by_messages([JSON], BODY)
    with pytest.raises(RuntimeError, match="complete"):
        await answered.writer.send({"type": "http.response.body", "body": b""})
    with pytest.raises(RuntimeError, match="does not come next"):
        await answered.by_messages([JSON], BODY)


@pytest.mark.anyio
async def test_an_answer_before_the_body_that_a_client_holds_back_ends_the_connection() -> None:
    answered = Answered("POST", True)
    answered.cycle.waiting_for_100_continue = True
    response = await answered.by_messages([(b"content-length", b"0")], b"", status=404)
    assert response.endswith(b"\r\nConnection: close\r\n\r\n")
    assert answered.flow.closed


def test_names_have_capitals() -> None:
    names = [b"content-type", b"x-mashape-billing", b"www-authenticate", b"etag", b"Date"]
    lines, _, _ = spell_head(200, tuple((name, b"a: b") for name in names))
    assert lines.split(b"\r\n")[1:-1] == [
        b"Content-Type: a: b", b"X-Mashape-Billing: a: b", b"WWW-Authenticate: a: b", b"ETag: a: b", b"Date: a: b"
    ]  # fmt: skip


@pytest.mark.anyio
async def test_a_client_that_reads_slowly_is_waited_for() -> None:
    slow = Answered("GET", True, paused=True)
    assert (await slow.by_messages([JSON], BODY)).endswith(b"7\r\n" + BODY + b"\r\n0\r\n\r\n")
    assert not slow.flow.write_paused


@pytest.mark.anyio
async def test_a_client_that_is_gone_gets_nothing() -> None:
    gone = Answered("GET", True)
    gone.cycle.disconnected = True
    assert await gone.by_messages([JSON], BODY) == b""


@pytest.mark.anyio
@pytest.mark.parametrize("header", [(b"x", b"1\r\nset-cookie: a=1"), (b"x y", b"1"), (b"x:", b"1")])
async def test_a_header_that_would_become_two_is_an_error(header: tuple[bytes, bytes]) -> None:
    injected = Answered("GET", True)
    with pytest.raises(ValueError, match="can't be a header"):
        await injected.by_messages([header], BODY)
    assert injected.flow.written == []


@pytest.mark.anyio
async def test_a_connection_is_not_closed_while_the_request_is_coming() -> None:
    """Closing it would reset it, and the client would lose the response. The protocol closes it behind the request."""
    early = Answered("POST", keep_alive=False)
    early.cycle.more_body = True
    await early.by_messages([JSON], BODY, status=413)
    assert (early.flow.closed, early.completed) == (False, 1)
