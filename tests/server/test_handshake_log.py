"""Refused TLS handshakes in the log."""

import logging
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.handshake_log import HandshakeLog, describe_failure
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox
from tests.timing import eventually


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


def connect(account: Account, context: ssl.SSLContext, name: str) -> None:
    parts = urlsplit(account.ready.https)
    with socket.create_connection(("127.0.0.1", parts.port or 0)) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname=name)


def test_a_client_without_the_ca_is_logged_once(server: Account, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        connect(server, ssl.create_default_context(), "localhost")
    lines = [each.getMessage() for each in caplog.records if each.name.endswith("handshake_log")]

    def logged() -> bool:
        lines[:] = [each.getMessage() for each in caplog.records if each.name.endswith("handshake_log")]
        return bool(lines)

    eventually(logged)
    (line,) = lines
    assert "127.0.0.1: a client does not trust this certificate: it does not know the sandbox's CA" in line
    assert "/_sandbox/docs/shared.md" in line


def test_each_address_has_a_line_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 1.0, 2.0, 61.0])
    monkeypatch.setattr("sms_sandbox.server.handshake_log.time.monotonic", lambda: next(moments))
    refusals, error = HandshakeLog(), ssl.SSLError(1, "")
    error.reason = "TLSV1_ALERT_UNKNOWN_CA"
    with caplog.at_level(logging.WARNING):
        for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.1"):
            refusals.note(address, error)
    assert [each.getMessage().split()[4] for each in caplog.records] == ["10.0.0.1:", "10.0.0.2:", "10.0.0.1:"]


@pytest.mark.parametrize(("reason", "expected"), [
    ("SSLV3_ALERT_CERTIFICATE_UNKNOWN", "does not trust this certificate: it does not accept"),
    ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "does not trust this certificate: by its clock"),
    ("UNSUPPORTED_PROTOCOL", "unsupported protocol."),
])  # fmt: skip
def test_the_reason_is_logged_in_words(reason: str, expected: str) -> None:
    error = ssl.SSLError(1, "")
    error.reason = reason
    assert expected in (describe_failure(error) or "")


def test_a_client_that_went_away_is_not_logged() -> None:
    assert describe_failure(ConnectionResetError()) is None
    assert describe_failure(TimeoutError()) is None
