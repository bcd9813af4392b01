"""Boundaries of requests and bodies, in streams that are cut at any byte."""

import logging
import re
from collections.abc import Iterator, Sequence

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.server.request_streams import EVIL, Sent, Stream, cut, read_stream, streams

PLACES = st.lists(st.integers(0, 2000), max_size=6)

JAVA = (
    b"POST /0 HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\nHost: localhost\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n\r\n%s" % (len(EVIL), EVIL)
)
"""A request as Java's HttpClient sends it by default."""


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Keep the protocol from logging each bad request, here only."""
    log = logging.getLogger("refusals")
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(logging.NOTSET)


@given(streams(), PLACES, st.booleans())
@example(Stream(JAVA, [Sent("POST", "/0", EVIL)]), [], True)
def test_exactly_the_requests_that_were_sent_are_read(stream: Stream, places: list[int], reads_bodies: bool) -> None:
    reading = read_stream(cut(stream.data, places), reads_bodies)
    expected = stream.requests if reads_bodies else [Sent(sent.verb, sent.path, b"") for sent in stream.requests]
    if reads_bodies:
        assert reading.requests == expected
        assert reading.closed == stream.ends
    else:
        # After an answer that did not wait for the body, the connection may end, as after an Expect.
        assert reading.requests == expected[: len(reading.requests)]
        assert reading.closed or len(reading.requests) == len(expected)
    answers = reading.written.count(b"HTTP/1.1 200 OK\r\n")
    assert (answers, reading.written.count(b"HTTP/1.1 4")) == (len(reading.requests), 0)
    assert b"sum" not in reading.names  # a field of the trailer


PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x00", b"\x0b", b"-1", b"a", b":", b"0\r\n\r\n", b"ffffffff", EVIL,
        b" chunked\r\n",
        b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: x\r\n", b"\r\nTransfer-Encoding:\n chunked",
        b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n", b"transfer_encoding: chunked\r\n", b"Content-Length: 5\r\n",
        b"Content-Length: 0\r\n", b"Content-Length: +5\r\n", b"Content-Length: 5, 5\r\n", b"Connection: close\r\n",
        b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"HTTP/2.0", b"HTTP/0.9",
    ]
)  # fmt: skip


def read_with_h11(data: bytes) -> list[Sent]:
    """Return the requests that h11 reads, up to the first error."""
    requests: list[Sent] = []
    while data := re.sub(rb"\A(\r?\n)+", b"", data):
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        connection.receive_data(data)
        verb = path = body = b""
        try:
            while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.Request):
                    verb, path = event.method, event.target
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    return requests
        except h11.RemoteProtocolError:
            return requests
        requests.append(Sent(verb.decode(), path.decode(), body))
        if connection.their_state is h11.MUST_CLOSE:
            return requests
        data = connection.trailing_data[0]
    return requests


@given(streams(), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 4), PIECES), min_size=1, max_size=3), PLACES)
def test_only_requests_that_were_sent_are_read(
    stream: Stream, changes: Sequence[tuple[int, int, bytes]], places: list[int]
) -> None:
    """Another parser reads at least the same requests in a damaged stream.

    Their bodies are the same, too.
    """
    data = stream.data
    for place, removed, added in changes:
        position = place % (len(data) + 1)
        data = data[:position] + added + data[position + removed :]
    reading = read_stream(cut(data, places))
    other = read_with_h11(data)
    assert reading.requests == other[: len(reading.requests)]


FORM = b"message=a&to=61491570156"
HEAD = b"POST /send-sms.json HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"18\r\n" + FORM + b"\r\n0\r\n\r\n"
LENGTH = b"Content-Length: 24\r\n"

REFUSED = {
    "length and chunks": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "two lengths": HEAD + LENGTH + b"Content-Length: 3\r\n\r\n" + FORM,
    "the same length twice": HEAD + LENGTH * 2 + b"\r\n" + FORM,
    "lengths in a list": HEAD + b"Content-Length: 24, 24\r\n\r\n" + FORM,
    "length with a sign": HEAD + b"Content-Length: +24\r\n\r\n" + FORM,
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n" + FORM,
    "hexadecimal length": HEAD + b"Content-Length: 0x18\r\n\r\n" + FORM,
    "empty length": HEAD + b"Content-Length: \r\n\r\n" + FORM,
    "enormous length": HEAD + b"Content-Length: 18446744073709551640\r\n\r\n" + FORM,
    "folded line": HEAD + LENGTH + b"X: a\r\n b\r\n\r\n" + FORM,
    "folded coding": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKED,
    "blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKED,
    "blank before the name": b"POST / HTTP/1.1\r\n Host: a\r\n" + LENGTH + b"\r\n" + FORM,
    "NUL in a value": HEAD + LENGTH + b"X: a\x00b\r\n\r\n" + FORM,
    "NUL in a name": HEAD + LENGTH + b"X\x00: a\r\n\r\n" + FORM,
    "carriage return in a value": HEAD + LENGTH + b"X: a\rTransfer-Encoding: chunked\r\n\r\n" + FORM,
    "carriage return in an offer": HEAD + LENGTH + b"Upgrade: a\r\r\n\r\n" + FORM,
    "another coding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n" + CHUNKED,
    "two codings": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED,
    "coding twice": HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + CHUNKED,
    "a list that ends otherwise": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "coding with a tail": HEAD + b"Transfer-Encoding: chunked\x0b\r\n\r\n" + CHUNKED,
    "chunks in HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunk size with a sign": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+18\r\n" + FORM + b"\r\n0\r\n\r\n",
    "chunk size with 0x": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x18\r\n" + FORM + b"\r\n0\r\n\r\n",
    "enormous chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000000018\r\n" + FORM + b"\r\n0\r\n\r\n",
    "chunk with a line feed": HEAD + b"Transfer-Encoding: chunked\r\n\r\n18\n" + FORM + b"\r\n0\r\n\r\n",
    "chunk that is too long": HEAD + b"Transfer-Encoding: chunked\r\n\r\n17\r\n" + FORM + b"\r\n0\r\n\r\n",
    "two hosts": HEAD + b"Host: other\r\n" + LENGTH + b"\r\n" + FORM,
    "no host": b"POST /send-sms.json HTTP/1.1\r\n" + LENGTH + b"\r\n" + FORM,
    "two blanks": HEAD.replace(b" /", b"  /") + LENGTH + b"\r\n" + FORM,
    "HTTP/0.9": b"GET /get-balance.json\r\n\r\n",
    "HTTP/2.0": HEAD.replace(b"1.1", b"2.0") + LENGTH + b"\r\n" + FORM,
    "HTTP/1.2": HEAD.replace(b"1.1", b"1.2") + LENGTH + b"\r\n" + FORM,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tunnel": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tunnel with a body": b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n" + LENGTH + b"\r\n" + FORM,
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_ways_to_smuggle_a_request_are_refused(case: str, size: int) -> None:
    data = REFUSED[case] + EVIL
    reading = read_stream([data[start : start + size] for start in range(0, len(data), size)])
    assert reading.requests == []
    assert reading.written.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert reading.written.count(b"HTTP/1.1 ") == 1
    assert reading.closed


TRAILER = b"Authorization: Basic a2V5OnNlY3JldA==\r\nHost: other\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_fields_of_a_trailer_are_no_part_of_the_head(size: int) -> None:
    request = HEAD + b"Transfer-Encoding: chunked\r\n\r\n18\r\n" + FORM + b"\r\n0\r\n" + TRAILER + b"\r\n"
    data = request * 2
    reading = read_stream([data[start : start + size] for start in range(0, len(data), size)])
    assert reading.requests == [Sent("POST", "/send-sms.json", FORM)] * 2
    assert reading.names == {b"host", b"transfer-encoding"}


ENDLESS = {
    "field of a trailer": (b"0\r\nX: ", b"a"),
    "trailer": (b"0\r\n", b"X: aaaaaaaaa\r\n"),
    "extension": (b"18;", b"a"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_frames_without_end_are_refused(case: str) -> None:
    """No body arrives, so the limit for bodies does not end these requests."""
    begun, repeated = ENDLESS[case]
    pieces = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + begun, *[repeated * 1_000] * 70]
    reading = read_stream(pieces)
    assert reading.requests == []
    assert reading.written.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert reading.closed


def test_a_refusal_comes_after_the_answers_before_it() -> None:
    reading = read_stream([EVIL + EVIL + b"nonsense\r\n\r\n" + EVIL])
    assert [part[:3] for part in reading.written.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


def test_a_broken_body_gets_no_second_answer() -> None:
    """The request is answered before its body comes."""
    pieces = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"nonsense\r\n"]
    reading = read_stream(pieces, reads_bodies=False)
    assert (reading.written.count(b"HTTP/1.1 "), reading.closed) == (1, True)
