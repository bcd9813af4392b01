"""The two listeners: which connections they accept, and for how long."""

import contextlib
import ssl

import pytest

from sms_sandbox.server import listener, protocol
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import KEY, SECRET, Account, basic, fetch, run_sandbox
from tests.server.raw_connections import connect, connect_tls, port_of, read_all


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "api.transmitsms.com", "host.docker.internal"])
def test_the_certificate_is_verified_by_the_ca_alone(server: Account, name: str) -> None:
    context = ssl.create_default_context(cafile=server.ready.ca)
    with context.wrap_socket(connect(server), server_hostname=name) as connection:
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        assert connection.selected_alpn_protocol() is None
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connect(server), server_hostname=name)
    with pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(connect(server), server_hostname="example.test")


def test_plain_http_on_the_https_port_gets_the_page_of_nginx(server: Account) -> None:
    for request in (
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789",
    ):
        with connect(server) as connection:
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


def test_the_api_is_answered_over_plain_http_if_the_settings_allow_it(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), allow_http=True)
    with run_sandbox(settings) as account:
        answer = fetch(f"{account.ready.http}/get-balance.json", headers=basic(KEY, SECRET))
        assert answer.json["balance"] == 1000


def test_a_client_that_does_not_trust_us_does_no_harm(server: Account) -> None:
    for _ in range(3):
        with pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(connect(server), server_hostname="localhost")
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"


def test_slow_connections_do_not_delay_others(server: Account) -> None:
    silent = [connect(server) for _ in range(20)]
    half = [connect(server) for _ in range(20)]
    for each in half:
        each.sendall(b"\x16\x03\x01\x02")
    assert server.api("get-balance")["error"]["code"] == "SUCCESS"
    for each in (*silent, *half):
        each.setblocking(False)
        with pytest.raises(BlockingIOError):  # all of them are still waited for
            each.recv(1)
        each.close()


def test_a_client_that_sends_no_request_is_dropped(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "HANDSHAKE_TIMEOUT_SECONDS", 1.5)
    monkeypatch.setattr(protocol, "FIRST_HEAD_TIMEOUT_SECONDS", 1.0)
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        silent, half, mute = connect(account), connect(account), connect_tls(account)
        unsaid = connect(account, port_of(account.ready.http))
        slow = connect_tls(account)
        half.sendall(b"\x16\x03\x01\x02")
        slow.sendall(b"GET / HTTP/1.1\r\nHost: loc")
        for each in (silent, half, mute, unsaid, slow):
            each.settimeout(5)  # less than either is otherwise
            with contextlib.suppress(ConnectionResetError):
                assert each.recv(1) == b""
            each.close()
        monkeypatch.undo()
        assert account.api("get-balance")["balance"] == 1000


def test_a_connection_is_kept_for_many_requests(server: Account) -> None:
    with connect_tls(server) as connection:
        for _ in range(3):
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = connection.recv(1 << 16)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"\r\nDate: " in answer
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert read_all(connection).endswith(b'{"status":"alive"}')


def test_an_offer_of_another_protocol_is_ignored(server: Account, caplog: pytest.LogCaptureFixture) -> None:
    """Java's HTTP client offers HTTP/2 with every request over plain HTTP."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    with connect(server, port_of(server.ready.http)) as connection:
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
