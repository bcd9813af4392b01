"""Heads of requests with irregular line ends, and in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.server.request_head import find_end, find_regular_end, repair

AUTH = b"Authorization: Basic a2V5OnNlY3JldA=="
GET = b"GET / HTTP/1.1\r\n"


def head(*lines: bytes) -> bytes:
    return GET + b"\r\n".join(lines) + b"\r\n\r\n"


def read(data: bytes, nothing_follows: bool = False) -> tuple[bytes, bytes]:
    """Return the repaired head, and the bytes after it."""
    end = find_end(data, nothing_follows)
    assert end is not None
    return repair(data[:end]), data[end:]


@pytest.mark.parametrize("body", [b"", b"to=1&message=a", b"\r\n\r\nx", b"authorization: x\n\r\ny: z", GET + AUTH])
def test_a_regular_head_is_not_changed(body: bytes) -> None:
    good = head(b"Host: a", AUTH, b"Accept: */*")
    assert find_end(good + body) == len(good)
    assert find_regular_end(good + body) == len(good)
    assert [find_regular_end(good[:cut]) for cut in range(len(good))] == [0] * len(good)
    assert read(good + body) == (good, body)


@pytest.mark.parametrize(
    "body", [b"", b"to=1&message=http://a:1", b'{"a": 1}', b"--x\r\nA: b\r\n\r\nc", b"authorization: x\n\r\ny: z"]
)
@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        # a line feed before the line's own end: in the middle, and as the last
        ((b"Host: a\r\n", AUTH + b"\n\r\n", b"Accept: */*\r\n\r\n"), (b"Host: a", AUTH, b"Accept: */*")),
        ((b"Host: a\r\n", AUTH + b"\n\r\n", b"\r\n"), (b"Host: a", AUTH)),
        ((AUTH.lower() + b"\n\r\n", b"X: y\r\n\r\n"), (AUTH.lower(), b"X: y")),
        # a line ended by a line feed alone
        ((AUTH + b"\n", b"Host: a\r\n\r\n"), (AUTH, b"Host: a")),
        ((b"Host: a\n", AUTH + b"\n", b"\n"), (b"Host: a", AUTH)),
        # a long value that the client's base64 routine wrapped
        ((AUTH[:25] + b"\n" + AUTH[25:] + b"\n\r\n", b"Host: a\r\n\r\n"), (AUTH, b"Host: a")),
        ((AUTH[:25] + b"\n" + AUTH[25:30] + b"\n" + AUTH[30:] + b"\n\r\n", b"\r\n"), (AUTH,)),
        ((AUTH[:25] + b"\n" + AUTH[25:] + b"\n", b"Host: a\r\n\r\n"), (AUTH, b"Host: a")),
    ],
)  # fmt: skip
def test_lone_line_feeds_are_repaired(broken: tuple[bytes, ...], whole: tuple[bytes, ...], body: bytes) -> None:
    data = GET + b"".join(broken)
    assert find_end(data + body) == len(data)
    assert find_regular_end(data + body) == 0
    assert read(data + body) == (head(*whole), body)
    for cut in range(len(data)):
        assert find_end(data[:cut]) is None


def test_a_lone_line_feed_in_the_last_line_ends_the_head_unless_more_of_it_comes() -> None:
    data = GET + AUTH + b"\n\r\n"
    assert read(data + b"to=1") == (head(AUTH), b"to=1")
    assert read(data + b"to=1 and name: x") == (head(AUTH), b"to=1 and name: x")
    assert read(data + b"\x16\x03") == (head(AUTH), b"\x16\x03")
    for start in (b"", b"\r", b"Hos", b"hello"):
        assert find_end(data + start) is None
        assert read(data + start, nothing_follows=True) == (head(AUTH), start)
    assert find_end(data + b"x" * 65) == len(data)


def test_after_other_headers_a_blank_line_always_ends_the_head() -> None:
    data = GET + b"X-Authorization: a\n\r\n"
    assert find_end(data + b"Host: a\r\n\r\n") == len(data)


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_can_be_read(data: bytes, nothing_follows: bool) -> None:
    end = find_end(data, nothing_follows)
    assert end is None or 0 < end <= len(data)
    assert find_regular_end(data) in (0, end)
    assert repair(data).endswith(b"\r\n\r\n")


LINES = st.sampled_from([b"Host: a", AUTH, b"X: ", b"Y: \x80", b"Content-Length: 3"])


@given(
    st.lists(st.tuples(LINES, st.sampled_from([b"\r\n", b"\n"])), min_size=1), st.binary(max_size=20), st.integers(0)
)
def test_a_cut_head_is_incomplete_or_has_the_same_end(lines: list[tuple[bytes, bytes]], body: bytes, cut: int) -> None:
    data = GET + b"".join(line + end for line, end in lines) + b"\r\n" + body
    whole = find_end(data)
    piece = data[: cut % (len(data) + 1)]
    assert find_end(piece) in (None, whole)
    assert find_regular_end(piece) in (0, whole)
