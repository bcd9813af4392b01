"""The server on its sockets: how it starts and ends, whom it lets in, and what it makes of odd bytes."""

import contextlib
import html
import json
import re
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sms_sandbox import doors
from sms_sandbox.settings import Settings
from sms_sandbox.tls import Certificates
from tests.processes import running
from tests.serving import HANDSET, KEY, SECRET, Account, Receiver, basic, fetch, serving


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, delivery_delay=0)
    with serving(settings) as account:
        yield account


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


def plain(server: Account, port: int | None = None) -> socket.socket:
    """A connection to the HTTPS port (or another) without TLS."""
    return socket.create_connection(("127.0.0.1", port or port_of(server.ready.https)), timeout=10)


def secure(server: Account) -> ssl.SSLSocket:
    trusting = ssl.create_default_context(cafile=server.ready.ca)
    return trusting.wrap_socket(plain(server), server_hostname="localhost")


def read_all(connection: socket.socket) -> bytes:
    found = b""
    while chunk := connection.recv(1 << 16):
        found += chunk
    return found


# Start and end of the process


def test_a_process_says_once_that_it_is_ready_and_where(certificates: Certificates, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with running(certificates, tmp_path, "--ready-file", str(ready_file)) as process:
        told = json.loads(ready_file.read_text())
        assert told == json.loads(process.line.removeprefix("sms-sandbox ready: "))
        assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
        assert list(told) == ["https", "http", "ca", "ca_bundle", "key", "secret", "pid", "control_token"]
        assert re.fullmatch(r"https://localhost:\d+", told["https"])
        assert re.fullmatch(r"http://localhost:\d+", told["http"])
        assert (told["ca"], told["ca_bundle"]) == (str(certificates.ca), str(certificates.ca_bundle))
        assert (told["key"], told["secret"], told["control_token"]) == (KEY, SECRET, None)
        assert told["pid"] == process.process.pid
        assert process.account.api("get-balance")["balance"] == 1000
        assert process.account.ok("GET", "/info")["http"] == told["http"]
        assert process.end() < 2
        assert process.process.stdout is not None
        assert process.process.stdout.read() == ""
    assert process.errors.read_text() == ""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_whatever_is_under_way(
    certificates: Certificates, tmp_path: Path, receiver: Receiver, by: signal.Signals
) -> None:
    receiver.delay = 5
    with running(certificates, tmp_path, "--delivery-delay", "0", "--log-format", "json") as process:
        idle = [secure(process.account) for _ in range(3)]
        for each in idle:
            each.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in each.recv(1 << 16)
        silent, half = plain(process.account), plain(process.account)
        unread = secure(process.account)
        half.sendall(b"\x16\x03")
        unread.sendall(b"POST /send-sms.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nto=")
        process.account.send(dlr_callback=receiver.url)
        receiver.wait_for(1)
        world = process.account.tenant()
        world.send(dlr_callback=receiver.url)
        with ThreadPoolExecutor(1) as pool:
            advance = pool.submit(world.control, "POST", "/clock/advance", {"days": 3})
            receiver.wait_for(2)
            assert process.end(by) < 3  # it takes half of that where nothing else runs
            assert advance.result().status == 503
        for connection in (*idle, silent, half, unread):
            connection.close()
    assert process.errors.read_text() == ""


def test_a_second_signal_does_no_harm(certificates: Certificates, tmp_path: Path) -> None:
    with running(certificates, tmp_path) as process:
        process.process.send_signal(signal.SIGINT)
        assert process.end(signal.SIGINT) < 2


def test_log_lines_are_json_where_that_is_wanted(certificates: Certificates, tmp_path: Path) -> None:
    with running(certificates, tmp_path, "--log-format", "json") as process:
        with plain(process.account, port_of(process.account.ready.http)) as connection:
            connection.sendall(b"NONSENSE\r\n\r\n")
            read_all(connection)
        process.end()
    (line,) = process.errors.read_text().splitlines()
    told = json.loads(line)
    assert list(told) == ["time", "level", "logger", "message"]
    assert (told["level"], told["message"]) == ("warning", "Invalid HTTP request received.")


# Certificates, and the two listeners


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "api.transmitsms.com", "host.docker.internal"])
def test_the_certificate_is_verified_by_the_ca_alone(server: Account, name: str) -> None:
    trusting = ssl.create_default_context(cafile=server.ready.ca)
    with trusting.wrap_socket(plain(server), server_hostname=name) as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        assert connection.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(plain(server), server_hostname=name)
    with pytest.raises(ssl.SSLCertVerificationError):
        trusting.wrap_socket(plain(server), server_hostname="example.test")


def test_plain_http_on_the_https_port_is_told_so(server: Account) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789",
    ):
        with plain(server) as connection:
            connection.sendall(request)
            answer = read_all(connection)
            assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
            assert b"The plain HTTP request was sent to HTTPS port" in answer
            head, _, body = answer.partition(b"\r\n\r\n")
            assert f"Content-Length: {len(body)}".encode() in head


def test_the_api_is_refused_over_plain_http(server: Account) -> None:
    answer = fetch(f"{server.ready.http}/get-balance.json", headers=basic(KEY, SECRET))
    assert answer.code == "NO_ACCESS"
    assert server.ready.https in answer.json["error"]["description"]


def test_the_api_is_answered_over_plain_http_where_that_is_wanted(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), allow_http=True)
    with serving(settings) as account:
        answer = fetch(f"{account.ready.http}/get-balance.json", headers=basic(KEY, SECRET))
        assert answer.json["balance"] == 1000


def test_a_client_that_does_not_trust_us_does_no_harm(server: Account) -> None:
    for _ in range(3):
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(plain(server), server_hostname="localhost")
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"


def test_slow_connections_hold_up_nobody(server: Account) -> None:
    silent = [plain(server) for _ in range(20)]
    half = [plain(server) for _ in range(20)]
    for each in half:
        each.sendall(b"\x16\x03\x01\x02")
    began = time.monotonic()
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"
    assert time.monotonic() - began < 1
    for each in (*silent, *half):
        each.close()


def test_a_client_that_does_not_come_to_the_point_is_dropped(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "HANDSHAKE", 0.3)
    monkeypatch.setattr(doors, "FIRST_HEAD", 0.4)
    with serving(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        silent, half, mute = plain(account), plain(account), secure(account)
        unsaid = plain(account, port_of(account.ready.http))
        slow = secure(account)
        half.sendall(b"\x16\x03\x01\x02")
        slow.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        for each in (silent, half, mute, unsaid, slow):
            began = time.monotonic()
            with contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
            assert time.monotonic() - began < 2
            each.close()
        assert account.api("get-balance")["balance"] == 1000


def test_a_connection_is_kept_for_many_requests(server: Account) -> None:
    with secure(server) as connection:
        for _ in range(3):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\ndate: " in answer
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_all(connection).endswith(b'{"status":"alive"}')


def test_an_offer_to_speak_another_protocol_is_passed_over(server: Account, caplog: pytest.LogCaptureFixture) -> None:
    """Java's HTTP client makes it with every request over plain HTTP."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    with plain(server, port_of(server.ready.http)) as connection:
        for _ in range(2):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + offer + b"\r\n")
            assert b"200 OK" in connection.recv(1 << 16)
        body = b'{"delivery_seconds": 0}'
        connection.sendall(
            b"PATCH /_sandbox/v1/tenants/current HTTP/1.1\r\nHost: localhost\r\n" + offer
            + b"Content-Length: %d\r\n\r\n" % len(body) + body
        )  # fmt: skip
        assert b"200 OK" in connection.recv(1 << 16)
    assert caplog.records == []


def test_each_account_is_a_world_of_its_own_and_kept(certificates: Certificates, tmp_path: Path) -> None:
    long = "x" * 100
    flags: dict[str, Any] = {"https_port": 0, "http_port": 0, "certs": str(certificates.directory)}
    database = f"sqlite:///{tmp_path / 'store.db'}"
    keys = ["one", "a/b c", f"{long}1", f"{long}2"]
    with serving(Settings(**flags, database=database, account=tuple(f"{key}:old" for key in keys))) as first:
        names = [Account(first.ready, key, "old").ok("GET", "/tenants/current")["name"] for key in keys]
        assert names[0] == "default"
        # What can't be a name as it is gets a mark of its own, so that it is the same whoever came first.
        mark = r"-[0-9a-f]{8}"
        assert re.fullmatch("account-a-b-c" + mark, names[1])
        assert all(re.fullmatch(f"account-{'x' * 42}" + mark, name) for name in names[2:])
        assert len(set(names)) == 4
        first.send()
    with serving(Settings(**flags, database=database, account=("one:new", "more:new"), throttle=3)) as again:
        assert again.ok("GET", "/messages")["page"]["total"] == 1
        assert again.ok("GET", "/account")["throttle"] == 3
        assert Account(again.ready, "one", "old").refused("GET", "/clock") == (401, "unauthorised")
        assert Account(again.ready, "a/b c", "old").ok("GET", "/account")["throttle"] == 15
        assert Account(again.ready, "more", "new").ok("GET", "/tenants/current")["name"] == "account-more"


# Bytes that are not as they should be


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
            time.sleep(doors.DOUBT / 3)
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
    world = server.tenant()
    data = data.replace(AUTH, b"Authorization: " + basic(world.key, world.secret)["Authorization"].encode())
    with secure(server) as connection:
        for start in range(0, len(data), size):
            connection.sendall(data[start : start + size])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]
        connection.sendall(FORMS["in the middle"])
        assert [code_of(each) for each in answers(connection, 1)] == ["SUCCESS"]
    assert world.ok("GET", "/messages")["messages"][0]["text"].encode() == text


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


# Pages


@pytest.mark.parametrize("where", ["http", "https"])
def test_health_is_told_on_both_listeners(server: Account, where: str) -> None:
    url = getattr(server.ready, where)
    assert fetch(f"{url}/livez", ca=server.ready.ca).json == {"status": "alive"}
    ready = fetch(f"{url}/readyz", ca=server.ready.ca)
    assert (ready.status, ready.json["status"]) == (200, "ready")
    assert fetch(f"{url}/readyz", "POST", ca=server.ready.ca).status == 405
    head = fetch(f"{url}/readyz", "HEAD", ca=server.ready.ca)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(ready.body)))


def test_the_status_page_says_what_a_newcomer_needs(server: Account) -> None:
    for path in ("/", "/_sandbox"):
        answer = fetch(server.ready.http + path)
        assert (answer.status, answer.headers["location"]) == (302, "/_sandbox/")
    page = fetch(f"{server.ready.http}/_sandbox/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.body.decode()
    for part in (server.ready.https, KEY, SECRET, server.ready.ca, server.ready.ca_bundle, "sms-sandbox env"):
        assert part in text
    assert "<script" not in text
    assert re.search(r"<pre><code>curl --cacert \S+ \\\n  -u ", text)
    command = html.unescape(text.partition('eval "$(')[2].partition(')"')[0])
    printed = subprocess.run(shlex.split(command), check=True, capture_output=True, text=True).stdout
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in printed
    assert f"export SMS_SANDBOX_CA={server.ready.ca}\n" in printed
    links = set(re.findall(r'href="([^"]+)"', text))
    assert links
    for link in links:
        assert fetch(server.ready.http + link).status == 200
    assert fetch(f"{server.ready.http}/_sandbox/", "DELETE").status == 405


def test_the_ca_can_be_downloaded(server: Account) -> None:
    answer = fetch(f"{server.ready.http}/_sandbox/ca.pem")
    assert answer.body == Path(server.ready.ca).read_bytes()


def test_nothing_is_at_the_root_of_the_api(server: Account) -> None:
    assert fetch(f"{server.ready.https}/", ca=server.ready.ca).status == 404
    assert fetch(f"{server.ready.http}/nothing").status == 404


# Links in messages


def link_in(world: Account, host: str) -> str:
    text = world.ok("GET", "/recipients")["recipients"][0]["text"]
    found = re.search(rf"{re.escape(host)}/\w{{8}}", text)
    assert found
    return found[0]


@pytest.fixture
def world(server: Account) -> Account:
    return server.tenant()


def test_a_tracked_link_leads_to_its_target_and_is_counted(server: Account, world: Account, receiver: Receiver) -> None:
    target = "https://example.com/a%20b?c=d&e=%C3%BC#f"
    world.send("[tracked-link] go", tracked_link_url=target, link_hits_callback=f"{receiver.url}/hits")
    url = f"{server.ready.http}/{link_in(world, 'TapTh.is')}"
    for expected in (1, 2):
        answer = fetch(url)
        assert (answer.status, answer.headers["location"]) == (302, target)
        assert receiver.wait_for(expected)[-1]["link_hits"] == str(expected)
    assert fetch(url.replace("TapTh.is", "/tapth.IS")).status == 302
    assert world.ok("GET", "/recipients")["recipients"][0]["link_hits"] == 3


def test_looking_at_a_link_is_no_tap(server: Account, world: Account) -> None:
    world.send("[tracked-link] go", tracked_link_url="https://example.com/")
    url = f"{server.ready.http}/{link_in(world, 'TapTh.is')}"
    answer = fetch(url, "HEAD")
    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/")
    assert fetch(url, "POST").status == 405
    assert world.ok("GET", "/recipients")["recipients"][0]["link_hits"] == 0


def test_an_opt_out_link_opts_out(server: Account, world: Account) -> None:
    world.send("hi [unsub-reply-link]")
    url = f"{server.ready.http}/{link_in(world, 'UnsubRep.ly')}"
    assert fetch(url, "HEAD").status == 200
    assert world.ok("GET", "/recipients")["recipients"][0]["optout"] is False
    page = fetch(url)
    assert page.status == 200
    assert HANDSET in page.body.decode()
    assert world.ok("GET", "/recipients")["recipients"][0]["optout"] is True
    assert fetch(url).status == 200
    assert world.api("send-sms", message="more", to=HANDSET)["error"]["code"] == "RECIPIENTS_ERROR"


def test_a_link_there_is_not_is_not_found(server: Account) -> None:
    for verb in ("GET", "HEAD"):
        assert fetch(f"{server.ready.http}/TapTh.is/00000000", verb).status == 404
        assert fetch(f"{server.ready.http}/UnsubRep.ly/00000000", verb).status == 404
    assert fetch(f"{server.ready.http}/TapTh.is/short").status == 404


# What is loaded when


def loaded(program: str) -> set[str]:
    """Which of the modules that take long are loaded when a program ends."""
    slow = {"aiohttp", "phonenumbers", "trustme", "cryptography", "python_multipart", "xml.sax", "anyio", "psycopg"}
    slow |= {f"sms_sandbox.{name}" for name in ("simulation.runner", "control.routes", "api.methods.sms")}
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return slow & set(done.stdout.split())


STARTING = """
import asyncio
from sms_sandbox.server import Server, Settings

def start(settings):
    server = Server(settings)
    asyncio.run(server.app.start())
start"""
"""A program that starts a server's application, up to the settings it is to have."""


def test_a_start_loads_only_what_the_first_reply_needs(certificates: Certificates) -> None:
    settings = f"Settings(https_port=0, http_port=0, certs={str(certificates.directory)!r})"
    program = f"from sms_sandbox.server import Server, Settings; Server({settings})"
    assert loaded(program) - {"xml.sax"} == set()


def test_what_the_first_message_needs_is_loaded_in_the_background() -> None:
    assert loaded("from sms_sandbox.app import warm_up; warm_up()") >= {
        "aiohttp",
        "phonenumbers",
        "sms_sandbox.api.methods.sms",
    }


def test_a_world_of_old_is_at_work_before_anybody_is_let_in(certificates: Certificates, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'old.db'}"
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=database)
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") == set()
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") >= {"sms_sandbox.simulation.runner"}


def test_the_background_does_not_hold_up_the_end(certificates: Certificates, tmp_path: Path) -> None:
    with running(certificates, tmp_path) as process:
        time.sleep(0.3)
        assert process.end() < 2
