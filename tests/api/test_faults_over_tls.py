"""Faults as real clients see them: over TLS, from a real server, in several languages."""

import gc
import http.client
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from sms_sandbox.api.fault_injection import FaultEffects
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.server.listener import SHUTDOWN_TIMEOUT_SECONDS
from sms_sandbox.settings import Settings
from tests.processes import run_process
from tests.sandbox import HANDSET, Account, basic, run_sandbox
from tests.timing import eventually

CLIENTS = Path(__file__).parents[1] / "clients"
MESSAGE = {"message": "Hi", "to": HANDSET}
CLIENT_TIMEOUTS = {"php": 2.0, "node-fetch": 2.0, "node-https": 1.5}
"""Timeout of the clients, in seconds. For these it includes the connection, which a busy machine delays."""
CONNECT_TIMEOUT = 30.0
"""Timeout of the other clients until they are connected."""

Report = dict[str, Any]
"""The output of a client: status, content type and code of the response, or its own error."""


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0)) as account:
        yield account


@pytest.fixture
def tenant(server: Account) -> Account:
    return server.tenant()


def by_http_client(account: Account, patience: float) -> Report:
    parts = urlsplit(account.ready.https)
    trusting = ssl.create_default_context(cafile=account.ready.ca)
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=CONNECT_TIMEOUT, context=trusting
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", **basic(account.key, account.secret)}
    try:
        connection.connect()
        connection.sock.settimeout(patience)
        connection.request("POST", "/send-sms.json", urlencode(MESSAGE), headers)
        reply = connection.getresponse()
        return report(reply.status, reply.headers["content-type"], reply.read())
    except (OSError, http.client.HTTPException) as why:
        return {"failed": type(why).__name__}
    finally:
        connection.close()


def by_httpx(account: Account, patience: float) -> Report:
    trusting = ssl.create_default_context(cafile=account.ready.ca_bundle)
    with httpx2.Client(
        auth=(account.key, account.secret),
        verify=trusting,
        trust_env=False,
        timeout=httpx2.Timeout(patience, connect=CONNECT_TIMEOUT),
    ) as client:
        try:
            reply = client.post(f"{account.ready.https}/send-sms.json", data=MESSAGE)
        except httpx2.HTTPError as why:
            return {"failed": type(why).__name__}
    return report(reply.status_code, reply.headers["content-type"], reply.content)


def report(status: int, kind: str, body: bytes) -> Report:
    try:
        code = json.loads(body).get("error", {}).get("code")
    except ValueError:
        code = None
    return {"status": status, "type": kind, "code": code}


Call = tuple[Account, float]
"""The account that sends a message, and the timeout of its client."""


def one_by_one(send: Callable[[Account, float], Report]) -> Callable[[Sequence[Call]], list[Report]]:
    """Return a client in Python."""
    return lambda calls: [send(account, patience) for account, patience in calls]


def by(program: str, script: str) -> Callable[[Sequence[Call]], list[Report]]:
    """Return a client in another language, from the scripts beside this file. One process makes all calls."""

    def send(calls: Sequence[Call]) -> list[Report]:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
        ca = calls[0][0].ready.ca
        wanted = [
            {"url": each.ready.https, "key": each.key, "secret": each.secret, "ca": ca, "timeout": patience}
            for each, patience in calls
        ]
        ran = subprocess.run(
            [program, str(CLIENTS / script)],
            input=json.dumps(wanted),
            capture_output=True,
            text=True,
            env=os.environ | {"NODE_EXTRA_CA_CERTS": ca},
            timeout=100,
            check=True,
        )
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return send


BY: dict[str, Callable[[Sequence[Call]], list[Report]]] = {
    "http.client": one_by_one(by_http_client),
    "httpx": one_by_one(by_httpx),
    "php": by("php", "send.php"),
    "ruby": by("ruby", "send.rb"),
    "node-fetch": by("node", "fetch.mjs"),
    "node-https": by("node", "https.mjs"),
}
JSON, HTML = "application/json; charset=utf-8", "text/html"
RESET = {
    "http.client": {"RemoteDisconnected", "ConnectionResetError"},
    "httpx": {"RemoteProtocolError", "ReadError"},
    "php": {"Failure when receiving data from the peer", "Server returned nothing (no headers, no data)"},
    "ruby": {"Errno::ECONNRESET", "EOFError", "OpenSSL::SSL::SSLError"},
    "node-fetch": {"ECONNRESET", "UND_ERR_SOCKET"},
    "node-https": {"ECONNRESET"},
}
CUT_OFF: dict[str, set[str | None]] = {
    "http.client": {"IncompleteRead"},
    "httpx": {"RemoteProtocolError"},
    "php": {"Transferred a partial file"},
    "ruby": {"EOFError", None},  # unless told otherwise it takes the half for the whole
    "node-fetch": {"UND_ERR_SOCKET", "UND_ERR_RES_CONTENT_LENGTH_MISMATCH", "TypeError"},
    "node-https": {"ECONNRESET"},
}
TIRED = {
    "http.client": {"TimeoutError"},
    "httpx": {"ReadTimeout"},
    "php": {"Timeout was reached"},
    "ruby": {"Net::ReadTimeout"},
    "node-fetch": {"TimeoutError"},
    "node-https": {"timeout"},
}
"""Each client's names for a reset connection, a truncated response and a missing one."""

EFFECTS: list[tuple[dict[str, Any], Any, int]] = [
    ({"error": "LEDGER_ERROR"}, {"status": 400, "type": JSON, "code": "LEDGER_ERROR"}, 0),
    ({"error": "OVER_LIMIT"}, {"status": 429, "type": JSON, "code": "OVER_LIMIT"}, 0),
    ({"status": 500}, {"status": 500, "type": HTML, "code": None}, 0),
    ({"status": 503}, {"status": 503, "type": HTML, "code": None}, 0),
    ({"gateway": "throttled"}, {"status": 429, "type": "application/json", "code": None}, 0),
    ({"gateway": "maintenance"}, {"status": 502, "type": "application/json", "code": None}, 0),
    ({"body": "malformed"}, {"status": 200, "type": JSON, "code": None}, 1),
    ({"body": "html"}, {"status": 200, "type": HTML, "code": None}, 1),
    ({"body": "truncated"}, CUT_OFF, 1),
    ({"connection": "reset"}, RESET, 0),
    ({"connection": "lost"}, RESET, 1),
    ({"connection": "stall"}, TIRED, 0),
    ({"delay": {"seconds": 60}}, TIRED, 1),
    ({"delay": {"seconds": 0.1}}, {"status": 200, "type": JSON, "code": "SUCCESS"}, 1),
]
"""Each fault, the errors of the clients, and the number of messages sent anyway."""


@pytest.mark.parametrize("client", BY)
def test_a_client_sees_the_fault(server: Account, client: str) -> None:
    """Each fault has its own tenant, and the message after it is accepted."""
    tenants = [server.tenant() for _ in EFFECTS]
    for tenant, (effect, _, _) in zip(tenants, EFFECTS, strict=True):
        tenant.ok("POST", "/faults", {**effect, "method": "send-sms", "count": 1})
    short = CLIENT_TIMEOUTS.get(client, 0.5)
    timeouts = [short if expected is TIRED else 10 for _, expected, _ in EFFECTS]
    reports = BY[client](list(zip(tenants, timeouts, strict=True)))
    problems = []
    for tenant, outcome, (effect, expected, sent) in zip(tenants, reports, EFFECTS, strict=True):
        if client in expected:
            as_expected = outcome.get("failed") in expected[client] and outcome.get("code") is None
        else:
            as_expected = outcome == expected
        messages = tenant.ok("GET", "/messages")["page"]["total"]
        charged = tenant.ok("GET", "/account")["balance"] == pytest.approx(1000 - 0.087 * sent)
        after = by_http_client(tenant, 10)["code"]
        if (as_expected, messages, charged, after) != (True, sent, True, "SUCCESS"):
            problems.append((effect, outcome, messages, charged, after))
    assert problems == []


def ask(account: Account, how: str = "GET /get-balance.json") -> ssl.SSLSocket:
    """Send a request on its own connection, without reading the response."""
    parts = urlsplit(account.ready.https)
    trusting = ssl.create_default_context(cafile=account.ready.ca)
    raw = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection = trusting.wrap_socket(raw, server_hostname="localhost")
    authorization = basic(account.key, account.secret)["Authorization"]
    connection.sendall(f"{how} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("connection", ["reset", "lost"])
def test_a_reset_fault_resets_the_tcp_connection(tenant: Account, connection: str) -> None:
    tenant.ok("POST", "/faults", {"connection": connection})
    # Below TLS, which would make an end of it like any other.
    with ask(tenant) as asked, socket.socket(fileno=os.dup(asked.fileno())) as below:
        below.settimeout(10)
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: below.recv(4096), b""))


def test_a_connection_stays_open_after_a_complete_answer(tenant: Account) -> None:
    for effect in ({"status": 503}, {"body": "malformed"}, {"body": "html"}, {"error": "FAILED"}):
        tenant.ok("POST", "/faults", {**effect, "count": 1})
    parts = urlsplit(tenant.ready.https)
    trusting = ssl.create_default_context(cafile=tenant.ready.ca)
    kept = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=10, context=trusting)
    statuses = []
    for _ in range(5):
        kept.request(
            "GET", "/get-balance.json", headers={**basic(tenant.key, tenant.secret), "Accept-Encoding": "gzip"}
        )
        reply = kept.getresponse()
        reply.read()
        statuses.append(reply.status)
    kept.close()
    assert statuses == [503, 200, 200, 500, 200]


def test_a_truncated_body_is_truncated_under_gzip_too(tenant: Account) -> None:
    tenant.ok("POST", "/faults", {"body": "malformed"})
    trusting = ssl.create_default_context(cafile=tenant.ready.ca)
    with httpx2.Client(auth=(tenant.key, tenant.secret), verify=trusting, trust_env=False) as client:
        reply = client.get(f"{tenant.ready.https}/get-balance.json", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in reply.headers
    assert reply.text.endswith('"description":"OK"}')


@pytest.mark.parametrize("linger", [struct.pack("ii", 0, 0), struct.pack("ii", 1, 0)], ids=["closed", "reset"])
def test_a_client_that_stops_waiting_is_forgotten(tenant: Account, linger: bytes) -> None:
    tenant.ok("POST", "/faults", {"connection": "stall", "count": 1})
    waiting = ask(tenant)
    eventually(lambda: tenant.ok("GET", "/faults")["faults"][0]["used"] == 1)
    waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    waiting.close()
    eventually(lambda: not any(each._waiting for each in gc.get_objects() if isinstance(each, FaultEffects)))
    assert tenant.api("get-balance")["error"]["code"] == "SUCCESS"


@pytest.mark.parametrize("effect", [{"connection": "stall"}, {"delay": {"seconds": 3600}}])
def test_calls_held_by_a_fault_do_not_delay_the_stop(
    certificates: Certificates, tmp_path: Path, effect: dict[str, Any]
) -> None:
    with run_process(certificates, tmp_path) as process:
        process.account.ok("POST", "/faults", effect)
        waiting = [ask(process.account) for _ in range(5)]
        eventually(lambda: process.account.ok("GET", "/faults")["faults"][0]["used"] == 5)
        process.end()
        for each in waiting:
            assert each.recv(4096).startswith(b"HTTP/1.1 503 ")
            each.close()
    assert process.errors.read_text() == ""


def test_faults_leave_nothing_in_the_log(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path, "--throttle", "0") as process:
        for effect, _, _ in EFFECTS:
            process.account.ok("POST", "/faults", {**effect, "count": 1})
            by_http_client(process.account, 0.2)
        time.sleep(SHUTDOWN_TIMEOUT_SECONDS + 0.1)
        process.end()
    assert process.errors.read_text() == ""
