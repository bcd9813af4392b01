"""Requests byte by byte: irregular heads, bodies, several in a row; and how responses leave."""

import json
import re
import socket
import time
from urllib.parse import urlencode

import pytest

from sms_sandbox.server import protocol
from tests.sandbox import HANDSET, KEY, SECRET, Account, basic
from tests.server.raw_connections import connect_tls, read_all
from tests.timing import DEADLINE_SECONDS

AUTH = b"Authorization: " + basic(KEY, SECRET)["Authorization"].encode()
BODY = urlencode({"message": "authorization: x\n\r\nhost: y", "to": HANDSET}).encode()


def multipart(text: bytes) -> tuple[bytes, bytes]:
    """Return a multipart body, which holds any text unescaped, and its content type."""
    parts = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part
        for part in ((b"message", text), (b"to", HANDSET.encode()))
    )
    return parts + b"--b--\r\n", b"multipart/form-data; boundary=b"


def send_sms_request(*lines: bytes, body: bytes = BODY, kind: bytes = b"application/x-www-form-urlencoded") -> bytes:
    """Return a send-sms request with more lines in its head; each line brings its own end."""
    head = b"POST /send-sms.json HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + kind + b"\r\n"
    return head + b"Content-Length: %d\r\n" % len(body) + b"".join(lines) + b"\r\n" + body


FORMS = {
    "in the middle": send_sms_request(AUTH + b"\n\r\n", b"Accept: */*\r\n"),
    "as the last": send_sms_request(AUTH + b"\n\r\n"),
    "alone in the middle": send_sms_request(AUTH + b"\n", b"Accept: */*\r\n"),
    "alone as the last": send_sms_request(AUTH + b"\n"),
    "wrapped": send_sms_request(AUTH[:40] + b"\n" + AUTH[40:] + b"\n\r\n", b"Accept: */*\r\n"),
    "as it should be": send_sms_request(AUTH + b"\r\n", b"Accept: */*\r\n"),
}


def read_responses(connection: socket.socket, count: int) -> list[bytes]:
    """Return the bodies of the next `count` responses."""
    received = b""
    bodies: list[bytes] = []
    while len(bodies) < count:
        head, ended, rest = received.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if ended and size is None and b"chunked" in head.lower():
            chunked, ended, rest = rest.partition(b"0\r\n\r\n")
            if ended:
                bodies.append(b"".join(chunked.split(b"\r\n")[1::2]))
                received = rest
                continue
        elif ended and size and len(rest) >= int(size[1]):
            bodies.append(rest[: int(size[1])])
            received = rest[int(size[1]) :]
            continue
        chunk = connection.recv(1 << 16)
        assert chunk, (received, bodies)
        received += chunk
    assert received == b""
    return bodies


def code_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])


@pytest.mark.parametrize("form", FORMS)
def test_an_authorization_with_a_lone_line_feed_is_accepted(server: Account, form: str) -> None:
    with connect_tls(server) as connection:
        connection.sendall(FORMS[form])
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@pytest.mark.parametrize("form", FORMS)
def test_an_irregular_head_may_come_in_small_pieces(server: Account, form: str, size: int) -> None:
    with connect_tls(server) as connection:
        for start in range(0, len(FORMS[form]), size):
            connection.sendall(FORMS[form][start : start + size])
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("ending", [b"\n\r\n", b"\n"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_an_irregular_head_may_come_in_two_pieces_with_a_pause(
    server: Account, ending: bytes, position: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = protocol.DOUBT_SECONDS / 3
    if ending != b"\n":  # then the doubt must outlast the pause, which may take longer on a busy machine
        monkeypatch.setattr(protocol, "DOUBT_SECONDS", DEADLINE_SECONDS)
    for rest in (b"Accept: */*\r\n\r\n", b"\r\n"):
        data = b"GET /get-balance.json HTTP/1.1\r\nHost: localhost\r\n" + AUTH + ending + rest
        cut = data.index(AUTH) + len(AUTH) + position
        with connect_tls(server) as connection:
            connection.sendall(data[:cut])
            time.sleep(pause)
            connection.sendall(data[cut:])
            assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("text", ["Grüße 😀", "\u2028", "é"])
def test_a_target_may_hold_bytes_that_are_not_escaped(server: Account, text: str) -> None:
    """Curl sends such a target, and so do scripts that join a URL by hand."""
    tenant = server.tenant()
    auth = basic(tenant.key, tenant.secret)["Authorization"]
    target = f"/send-sms.json?to={HANDSET}&message={text.replace(' ', '+')}"
    with connect_tls(server) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {auth}\r\n\r\n".encode())
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]
    assert tenant.ok("GET", "/messages")["messages"][0]["text"] == text


def test_irregular_heads_may_follow_each_other_at_once(server: Account) -> None:
    with connect_tls(server) as connection:
        connection.sendall(b"".join(FORMS.values()))
        assert [code_of(each) for each in read_responses(connection, len(FORMS))] == ["SUCCESS"] * len(FORMS)


def test_a_get_is_answered_without_waiting_for_more(server: Account) -> None:
    with connect_tls(server) as connection:
        for _ in range(2):
            connection.sendall(b"GET /get-balance.json HTTP/1.1\r\nHost: localhost\r\n" + AUTH + b"\n\r\n")
            assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]


@pytest.mark.parametrize("size", [1 << 20, 100, 3])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_not_changed(server: Account, size: int, chunked: bool) -> None:
    text = b"\r\nauthorization: x\n\r\nhost: y\r\n\nend"
    body, kind = multipart(text)
    data = send_sms_request(AUTH + b"\n\r\n", b"Accept: */*\r\n", body=body, kind=kind)
    if chunked:
        pieces = [body[start : start + 20] for start in range(0, len(body), 20)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
        data = data[: -len(body)].replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked") + framed
    tenant = server.tenant()
    data = data.replace(AUTH, b"Authorization: " + basic(tenant.key, tenant.secret)["Authorization"].encode())
    with connect_tls(server) as connection:
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]
        connection.sendall(FORMS["in the middle"])
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]
    assert tenant.ok("GET", "/messages")["messages"][0]["text"].encode() == text


def test_a_body_that_is_not_read_is_not_changed_either(server: Account) -> None:
    """The response leaves before the body arrives. The next request must be found all the same."""
    body = b"\r\nauthorization: x\n\r\nhost: y" * 200
    with connect_tls(server) as connection:
        connection.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body))
        read_responses(connection, 1)
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
        connection.sendall(FORMS["as the last"])
        assert [code_of(each) for each in read_responses(connection, 1)] == ["SUCCESS"]


def test_blank_lines_before_a_request_are_skipped(server: Account) -> None:
    with connect_tls(server) as connection:
        connection.sendall(b"\r\n\r\n")
        connection.sendall(b"\r\n" + FORMS["as it should be"] + b"\r\n" + FORMS["as it should be"])
        assert [code_of(each) for each in read_responses(connection, 2)] == ["SUCCESS"] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"\x00" * 50 + b"\r\n\r\n",
        b"GET /" + b"x" * (1 << 17),
    ],
)
def test_invalid_requests_are_refused_and_the_connection_ends(server: Account, data: bytes) -> None:
    with connect_tls(server) as connection:
        connection.sendall(data)
        assert read_all(connection).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"


@pytest.mark.parametrize("path", ["/get-balance.json", "/livez"])
def test_head_and_body_of_a_response_leave_together(server: Account, path: str) -> None:
    """As one TLS record, of which `recv` of a TLS socket returns one at most."""
    with connect_tls(server) as connection:
        for _ in range(3):
            connection.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + AUTH + b"\r\n\r\n")
            head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert body.endswith(b"0\r\n\r\n" if b"chunked" in head else b"}")
