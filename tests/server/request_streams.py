"""Streams of HTTP/1.1 requests framed in any way, and how the server reads them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any

import uvicorn
from hypothesis import strategies as st
from uvicorn.server import ServerState

from sms_sandbox.server.open_connections import OpenConnections
from sms_sandbox.server.protocol import HttpProtocol
from sms_sandbox.store.grouped_log import GroupedLog

EVIL = b"GET /evil HTTP/1.1\r\nHost: a\r\n\r\n"
"""A request that nobody sends: bodies hold its bytes."""

BODIES = st.one_of(
    st.just(b""),
    st.just(EVIL),
    st.lists(st.sampled_from([EVIL, b"\r\n\r\n", b"\r\n", b"\n", b"0\r\n\r\n", b"5\r\n", b"x: y", b"\x00"]), min_size=1)
    .map(b"".join),
    st.binary(max_size=60),
)  # fmt: skip

VALUES = st.text("abcXYZ019 ,;=/\"'()\t", max_size=12).map(lambda text: text.strip(" \t").encode())

FIELDS = st.lists(
    st.one_of(
        st.sampled_from([
            (b"Connection", b"keep-alive"), (b"Connection", b"Upgrade, HTTP2-Settings"), (b"connection", b"upgrade"),
            (b"CONNECTION", b"x-other"), (b"Upgrade", b"h2c"), (b"upgrade", b"websocket"), (b"UPGRADE", b"TLS/1.0"),
            (b"HTTP2-Settings", b"AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"), (b"Expect", b"100-continue"),
            (b"expect", b"100-Continue"), (b"Expect", b"x"), (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
            (b"Authorization", b"Basic a2V5OnNlY3JldA=="), (b"Content-Type", b"application/json"),
        ]),
        st.tuples(st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}", fullmatch=True).map(lambda name: b"X-" + name),
                  VALUES),
    ),
    max_size=8,
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """A request as a client means it."""

    verb: str
    path: str
    body: bytes


@dataclass
class Stream:
    """Requests one after the other on a connection, as bytes, and what they mean."""

    data: bytes = b""
    requests: list[Sent] = field(default_factory=list)
    ends: bool = False
    """True if the last request ends the connection."""


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """Return a body in chunks of any size, with extensions and a trailer."""
    cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=3)))
    framed = b""
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        if start < end:
            size = draw(st.sampled_from([b"%x", b"%X", b"00%x"])) % (end - start)
            extension = draw(st.sampled_from([b"", b";a", b";a=b", b';a="b"']))
            framed += size + extension + b"\r\n" + body[start:end] + b"\r\n"
    trailer = draw(st.sampled_from([b"", b"Sum: 1\r\n", b"Sum: 1\r\nX-More: GET / HTTP/1.1\r\n"]))
    return framed + draw(st.sampled_from([b"0", b"000", b"0;a=b"])) + b"\r\n" + trailer + b"\r\n"


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    """Return one to four requests with any headers, and with bodies framed in any way."""
    stream = Stream()
    for number in range(draw(st.integers(1, 4))):
        verb = draw(st.sampled_from(["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS"]))
        fields, body = draw(FIELDS), draw(BODIES)
        framing = draw(st.sampled_from(["length", "chunked", "none"]))
        if framing == "none":
            body, framed = b"", b""
        elif framing == "length":
            framed = body
            fields.append((draw(st.sampled_from([b"Content-Length", b"content-length"])), b"%d" % len(body)))
        else:
            framed = draw(chunks(body))
            fields.append((b"Transfer-Encoding", draw(st.sampled_from([b"chunked", b"Chunked"]))))
        version = draw(st.sampled_from([b"1.1"] * 7 + [b"1.0"])) if framing != "chunked" else b"1.1"
        if draw(st.integers(0, 7)) == 0:
            fields.append((b"Connection", b"close"))
        fields = draw(st.permutations([(b"Host", b"localhost"), *fields]))
        head = [verb.encode() + b" /%d HTTP/" % number + version]
        head += [name + b":" + draw(st.sampled_from([b" ", b"", b"\t "])) + value for name, value in fields]
        ends = [draw(st.sampled_from([b"\r\n", b"\r\n", b"\n"])) for _ in head]
        # A lone line feed after an Authorization is a case of its own: test_request_head.py.
        ends = [
            b"\r\n" if line.lower().startswith(b"authorization") else end for line, end in zip(head, ends, strict=True)
        ]
        blank = draw(st.sampled_from([b"\r\n", b"\n"]))
        before = draw(st.sampled_from([b"", b"", b"\r\n"]))
        stream.data += before + b"".join(line + end for line, end in zip(head, ends, strict=True)) + blank + framed
        stream.requests.append(Sent(verb, f"/{number}", body))
        stream.ends = version == b"1.0" or any(
            name.lower() == b"connection" and value.lower() == b"close" for name, value in fields
        )
        if stream.ends:
            break
    return stream


class FakeTransport(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """Do nothing."""

    resume_reading = pause_reading


@dataclass
class Reading:
    """The result of a stream: the requests whose body was complete, the names of their fields, and the answers."""

    requests: list[Sent]
    names: set[bytes]
    written: bytes
    closed: bool


def read_stream(pieces: Sequence[bytes], reads_bodies: bool = True) -> Reading:
    """Give the protocol pieces, with turns of the event loop between them."""
    requests: list[Sent] = []
    names: set[bytes] = set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", reads_bodies
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message["body"], message["more_body"]
        requests.append(Sent(scope["method"], scope["path"], body))
        names.update(name for name, _ in scope["headers"])
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async def run() -> Reading:
        config = uvicorn.Config(app, http=HttpProtocol, ws="none", log_config=None, server_header=False)
        config.load()
        shared: dict[str, Any] = {
            "open_connections": OpenConnections(9),
            "refusals": GroupedLog(getLogger("refusals"), "requests"),
        }
        protocol, transport = HttpProtocol(config, ServerState(), {}, **shared), FakeTransport()
        protocol.connection_made(transport)
        for piece in pieces:
            if not transport.closed:
                protocol.data_received(piece)
            for _ in range(5):
                await asyncio.sleep(0)
        for _ in range(40):
            await asyncio.sleep(0)
        closed = transport.closed
        protocol.connection_lost(None)
        await asyncio.sleep(0)
        return Reading(requests, names, transport.written, closed)

    return asyncio.run(run())


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut bytes at some places, each a remainder of their length."""
    positions = sorted({place % (len(data) + 1) for place in places})
    return [data[start:end] for start, end in zip([0, *positions], [*positions, len(data)], strict=True) if start < end]
