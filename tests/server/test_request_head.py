"""Heads of requests with irregular line ends, and in pieces."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.server import request_head
from sms_sandbox.server.request_head import MAX_HEAD_BYTES, HeadReader, HeadTooLongError

AUTH = b"Authorization: Basic a2V5OnNlY3JldA=="
GET = b"GET / HTTP/1.1\r\n"


def head(*lines: bytes) -> bytes:
    return GET + b"\r\n".join(lines) + b"\r\n\r\n"


def read(data: bytes, nothing_follows: bool = False) -> tuple[bytes | None, bytes]:
    """Return the repaired head, and the bytes after it. A head in single bytes is read in the same way."""
    reader, received = HeadReader(), bytearray(data)
    head = reader.read(received, nothing_follows)
    if not nothing_follows:
        reader, gathered = HeadReader(), bytearray()
        for number, byte in enumerate(data):
            gathered.append(byte)
            in_pieces = reader.read(gathered)
            if in_pieces is not None:
                assert (in_pieces, bytes(gathered) + data[number + 1 :]) == (head, bytes(received))
                break
        else:
            assert head is None
    return head, bytes(received)


@pytest.mark.parametrize("body", [b"", b"to=1&message=a", b"\r\n\r\nx", b"authorization: x\n\r\ny: z", GET + AUTH])
def test_a_regular_head_is_not_changed(body: bytes) -> None:
    good = head(b"Host: a", AUTH, b"Accept: */*")
    assert read(good + body) == (good, body)
    for end in range(len(good)):
        assert read(good[:end])[0] is None


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
    assert read(data + body) == (head(*whole), body)
    for end in range(len(data)):
        assert read(data[:end])[0] is None


def test_a_lone_line_feed_in_the_last_line_ends_the_head_unless_more_of_it_comes() -> None:
    data = GET + AUTH + b"\n\r\n"
    assert read(data + b"to=1") == (head(AUTH), b"to=1")
    assert read(data + b"to=1 and name: x") == (head(AUTH), b"to=1 and name: x")
    assert read(data + b"\x16\x03") == (head(AUTH), b"\x16\x03")
    for start in (b"", b"\r", b"Hos", b"hello"):
        assert read(data + start)[0] is None
        assert read(data + start, nothing_follows=True) == (head(AUTH), start)
    assert read(data + b"x" * 65) == (head(AUTH), b"x" * 65)


def test_after_other_headers_a_blank_line_always_ends_the_head() -> None:
    data = GET + b"X-Authorization: a\n\r\n"
    assert read(data + b"Host: a\r\n\r\n") == (head(b"X-Authorization: a"), b"Host: a\r\n\r\n")


def test_after_a_second_authorization_a_blank_line_ends_the_head() -> None:
    data = GET + AUTH + b"\n\r\n" + AUTH + b"\n\r\n"
    assert read(data + b"Host: a\r\n\r\n") == (head(AUTH, AUTH), b"Host: a\r\n\r\n")


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade", b"UPGRADE"])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_an_offer_to_upgrade_gets_another_name(name: bytes, end: bytes) -> None:
    data = GET + b"Host: a\r\n" + name + b": h2c" + end + b"X: y\r\n\r\n"
    assert read(data + b"z") == (head(b"Host: a", b"Ignored-" + name + b": h2c", b"X: y"), b"z")


def test_only_a_header_is_an_offer_to_upgrade() -> None:
    assert read(b"Upgrade: a\r\n" + head()[len(GET) :])[0] == b"Ignored-Upgrade: a\r\n\r\n"
    good = head(b"X: Upgrade: a", b"Upgrades: b")
    assert read(good) == (good, b"")


def test_blank_lines_before_a_head_are_skipped() -> None:
    assert read(b"\r\n\n\r\n" + head(AUTH)) == (head(AUTH), b"")
    assert read(b"\r\n") == (None, b"")


@pytest.mark.parametrize("ending", [b"\r\n\r\n", b"\n\n", b""])
@pytest.mark.parametrize("line", [b"X: y\r\n", b"X: y\n", b"x"])
def test_a_head_has_a_longest_length(line: bytes, ending: bytes) -> None:
    with pytest.raises(HeadTooLongError):
        HeadReader().read(bytearray(GET + line * MAX_HEAD_BYTES + ending))


LINES = st.sampled_from([b"Host: a", AUTH, b"X: ", b"Y: \x80", b"Content-Length: 3", b"YWJj", b"Upgrade: h2c", b""])


@given(
    st.one_of(st.binary(max_size=80), st.lists(LINES | st.sampled_from([b"\r\n", b"\n"])).map(b"".join)), st.booleans()
)
def test_any_bytes_can_be_read(data: bytes, nothing_follows: bool) -> None:
    repaired, rest = read(data, nothing_follows)
    assert data.endswith(rest)
    assert repaired is None or (repaired.endswith(b"\r\n\r\n") and b"\r\n\r\n" not in repaired[:-1])


class CountingBuffer(bytearray):
    """Bytes that count how many of them are searched, and copied out."""

    looked_at = 0

    def find(self, *args: Any) -> int:
        position = super().find(*args)
        self.looked_at += (position + 1 if position >= 0 else len(self)) - args[1]
        return position

    def __getitem__(self, part: Any) -> Any:
        self.looked_at += len(range(*part.indices(len(self))))
        return super().__getitem__(part)


class CountingPattern:
    """A pattern that counts the bytes it looks at in a buffer; `prefix` matches those it looks at if it fails."""

    def __init__(self, pattern: "re.Pattern[bytes]", prefix: bytes) -> None:
        self._pattern = pattern
        self._prefix = re.compile(prefix)

    def _count(self, buffer: CountingBuffer, match: "re.Match[bytes] | None") -> "re.Match[bytes] | None":
        looked_at = match or self._prefix.match(buffer)
        assert looked_at is not None
        buffer.looked_at += looked_at.end()
        return match

    def match(self, buffer: CountingBuffer) -> "re.Match[bytes] | None":
        return self._count(buffer, self._pattern.match(buffer))

    def fullmatch(self, buffer: CountingBuffer) -> "re.Match[bytes] | None":
        return self._count(buffer, self._pattern.fullmatch(buffer))


ATTACKS = {
    "doubts": b"\nauthorization:\n\r\nauthorization:a",
    "blank lines": b"\nauthorization: a\n\r\n",
    "wraps": b"authorization: a\n" + b"YQ==\n" * 50,
    "lines": b"X: y\r\n",
    "carriage returns": b"\r",
    "no line end": b"x",
    "whole heads": b"GET / HTTP/1.1\n\n",
    "regular heads": head(b"Host: a"),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("piece", [1, 7, 4096, 1 << 20])
def test_the_bytes_looked_at_grow_with_the_bytes_received(
    attack: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefixes = {
        "_REGULAR": rb"([^\r\n]*\r\n)*[^\n]*\n?",
        "_MORE_OF_HEAD": rb"[^:]{,65}",
        "_START_OF_MORE": rb"[^:]{,65}",
    }
    for name, prefix in prefixes.items():
        monkeypatch.setattr(request_head, name, CountingPattern(getattr(request_head, name), prefix))
    data = (GET + ATTACKS[attack] * 4000)[: MAX_HEAD_BYTES - 1000]
    reader, received = HeadReader(), CountingBuffer()
    heads = 0
    for start in range(0, len(data), piece):
        received += data[start : start + piece]
        while received and reader.read(received) is not None:
            heads += 1
    assert received.looked_at <= 5 * len(data) + 65 * 65 * 2
    assert heads > 0 or attack not in ("whole heads", "regular heads")
