"""Requests whose bytes are not as they should be."""

import json
import re
import socket
import time
from urllib.parse import urlencode

import pytest

from sms_sandbox.server import protocol
from tests.sandbox import HANDSET, KEY, SECRET, Account, basic
from tests.server.connecting import read_all, secure

AUTH = b"Authorization: " + basic(KEY, SECRET)["Authorization"].encode()
BODY = urlencode({"message": "authorization: x\n\r\nhost: y", "to": HANDSET}).encode()


def multipart(text: bytes) -> tuple[bytes, bytes]:
    """A body of form data, in which anything may stand as it is; its type."""
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part
        for part in ((b"message", text), (b"to", HANDSET.encode()))
    )
    return parts + b"--b--\r\n", b"multipart/form-data; boundary=b"


def posting(*lines: bytes, body: bytes = BODY, kind: bytes = b"application/x-www-form-urlencoded") -> bytes:
    """A send-sms with such lines in its head, each with its end."""
    head = b"POST /send-sms.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kind + b"\r\n"
    return head + b"Content-Length: %d\r\n" % len(body) + b"".join(lines) + b"\r\n" + body


FORMS = {
    "in the middle": posting(AUTH + b"\n\r\n", b"Accept: */*\r\n"),
    "as the last": posting(AUTH + b"\n\r\n"),
    "alone in the middle": posting(AUTH + b"\n", b"Accept: */*\r\n"),
    "alone as the last": posting(AUTH + b"\n"),
    "wrapped": posting(AUTH[:40] + b"\n" + AUTH[40:] + b"\n\r\n", b"Accept: */*\r\n"),
    "as it should be": posting(AUTH + b"\r\n", b"Accept: */*\r\n"),
}


def answers(connection: socket.socket, count: int) -> list[bytes]:
    """Bodies of so many answers."""
    found = b""
    bodies: list[bytes] = []
    while len(bodies) < count:
        head, ended, rest = found.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if ended and size is None and b"chunked" in head.lower():
            chunked, ended, rest = rest.partition(b"0\r\n\r\n")
            if ended:
                bodies.append(b"".join(chunked.split(b"\r\n")[1::2]))
                found = rest
                continue
        elif ended and size and len(rest) >= int(size[1]):
            bodies.append(rest[: int(size[1])])
            found = rest[int(size[1]) :]
            continue
        chunk = connection.recv(1 << 16)
        assert chunk, (found, bodies)
        found += chunk
    assert found == b""
    return bodies


def code_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


@pytest.mark.parametrize("form", FORMS)
def test_an_authorization_with_a_lone_line_feed_is_read(server: Account, form: str) -> None:
    with secure(server) as connection:
        connection.sendall(FORMS[form])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@pytest.mark.parametrize("form", FORMS)
def test_so_it_is_in_small_pieces(server: Account, form: str, size: int) -> None:
    with secure(server) as connection:
        for start in range(0, len(FORMS[form]), size):
            connection.sendall(FORMS[form][start : start + size])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("ending", [b"\n\r\n", b"\n"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_so_it_is_when_the_network_dawdles_where_it_hurts(server: Account, ending: bytes, at: int) -> None:
    for rest in (b"Accept: */*\r\n\r\n", b"\r\n"):
        data = b"GET /get-balance.json HTTP/1.1\r\nHost: localhost\r\n" + AUTH + ending + rest
        cut = data.index(AUTH) + len(AUTH) + at
        with secure(server) as connection:
            connection.sendall(data[:cut])
            time.sleep(protocol.DOUBT_SECONDS / 3)
            connection.sendall(data[cut:])
            assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]


def test_so_it_is_in_a_row(server: Account) -> None:
    with secure(server) as connection:
        connection.sendall(b"".join(FORMS.values()))
        assert [code_of(each) for each in answers(connection, len(FORMS))] == ["SUCCESS"] * len(FORMS)


def test_a_get_with_nothing_after_it_is_answered(server: Account) -> None:
    with secure(server) as connection:
        for _ in range(2):
            connection.sendall(b"GET /get-balance.json HTTP/1.1\r\nHost: localhost\r\n" + AUTH + b"\n\r\n")
            assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("size", [1 << 20, 100, 3])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_never_touched(server: Account, size: int, chunked: bool) -> None:
    text = b"\r\nauthorization: x\n\r\nhost: y\r\n\nend"
    body, kind = multipart(text)
    data = posting(AUTH + b"\n\r\n", b"Accept: */*\r\n", body=body, kind=kind)
    if chunked:
        pieces = [body[start : start + 20] for start in range(0, len(body), 20)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        data = data[: -len(body)].replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked") + framed
    tenant = server.tenant()
    data = data.replace(AUTH, b"Authorization: " + basic(tenant.key, tenant.secret)["Authorization"].encode())
    with secure(server) as connection:
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]
        connection.sendall(FORMS["in the middle"])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]
    assert tenant.ok("GET", "/messages")["messages"][0]["text"].encode() == text


def test_a_body_nobody_wants_is_never_touched_either(server: Account) -> None:
    """The answer comes before the body has; what follows on the connection must still be found."""
    body = b"\r\nauthorization: x\n\r\nhost: y" * 200
    with secure(server) as connection:
        connection.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
        answers(connection, 1)
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
        connection.sendall(FORMS["as the last"])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]


def test_blank_lines_before_a_request_are_passed_over(server: Account) -> None:
    with secure(server) as connection:
        connection.sendall(b"\r\n\r\n")
        connection.sendall(b"\r\n" + FORMS["as it should be"] + b"\r\n" + FORMS["as it should be"])
        assert [code_of(each) for each in answers(connection, 2)] == ["SUCCESS"] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"\x00" * 50 + b"\r\n\r\n",
        b"GET /" + b"x" * (1 << 17),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(server: Account, data: bytes) -> None:
    with secure(server) as connection:
        connection.sendall(data)
        assert read_all(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"
