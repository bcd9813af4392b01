"""The process of `sms-sandbox serve`: its ready line, its log, and its end."""

import json
import re
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from tests.processes import run_process
from tests.receiver import Receiver
from tests.sandbox import KEY, SECRET, basic, fetch
from tests.server.raw_connections import connect, connect_tls, port_of, read_all


def test_a_process_prints_once_that_it_is_ready_and_its_addresses(certificates: Certificates, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with run_process(certificates, tmp_path, "--ready-file", str(ready_file)) as process:
        info = json.loads(ready_file.read_text())
        assert info == json.loads(process.line.removeprefix("sms-sandbox ready: "))
        assert stat.S_IMODE(ready_file.stat().st_mode) == 0o600
        assert list(info) == ["https", "http", "ca", "ca_bundle", "key", "secret", "pid", "control_token"]
        assert re.fullmatch(r"https://localhost:\d+", info["https"])
        assert re.fullmatch(r"http://localhost:\d+", info["http"])
        assert (info["ca"], info["ca_bundle"]) == (str(certificates.ca), str(certificates.ca_bundle))
        assert (info["key"], info["secret"], info["control_token"]) == (KEY, SECRET, None)
        assert info["pid"] == process.process.pid
        assert process.account.api("get-balance")["balance"] == 1000
        assert process.account.ok("GET", "/info")["http"] == info["http"]
        process.end()
        assert process.process.stdout is not None
        assert process.process.stdout.read() == ""
    assert process.errors.read_text() == ""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_while_calls_and_callbacks_are_running(
    certificates: Certificates, tmp_path: Path, receiver: Receiver, by: signal.Signals
) -> None:
    with (
        receiver.holding(),
        run_process(certificates, tmp_path, "--delivery-delay", "0", "--log-format", "json") as process,
    ):
        idle = [connect_tls(process.account) for _ in range(3)]
        for each in idle:
            each.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in each.recv(1 << 16)
        silent, half = connect(process.account), connect(process.account)
        unread = connect_tls(process.account)
        half.sendall(b"\x16\x03")
        unread.sendall(b"POST /send-sms.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nto=")
        process.account.send(dlr_callback=receiver.url)
        receiver.wait_for(1)
        tenant = process.account.tenant()
        tenant.send(dlr_callback=receiver.url)
        with ThreadPoolExecutor(1) as pool:
            advance = pool.submit(tenant.control, "POST", "/clock/advance", {"days": 3})
            receiver.wait_for(2)
            process.end(by)
            assert advance.result().status == 503
        for connection in (*idle, silent, half, unread):
            connection.close()
    for line in process.errors.read_text().splitlines():
        assert json.loads(line)["logger"] == "sms_sandbox.server.request_log", line


def test_a_second_signal_changes_nothing(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path) as process:
        process.process.send_signal(signal.SIGINT)
        process.end(signal.SIGINT)


def test_log_lines_are_json_if_the_settings_say_so(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path, "--log-format", "json") as process:
        with connect(process.account, port_of(process.account.ready.http)) as connection:
            connection.sendall(b"NONSENSE\r\n\r\n")
            read_all(connection)
        process.end()
    (line,) = process.errors.read_text().splitlines()
    record = json.loads(line)
    assert list(record) == ["time", "level", "logger", "message"]
    assert (record["level"], record["message"]) == ("warning", "Invalid HTTP request received.")


def test_a_json_log_has_a_line_for_each_request_with_its_id(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path, "--log-format", "json") as process:
        account, url = process.account, f"{process.account.ready.https}/get-balance.json"
        for header in ({}, {"X-Request-Id": "trace/1:a-b"}, {"X-Request-Id": 'in"sane'}, {"X-Request-Id": "x" * 129}):
            assert fetch(url, headers={**basic(KEY, SECRET), **header}, ca=account.ready.ca).status == 200
        account.api("no-such-method")
        account.ok("GET", "/info")
        account.ok("POST", "/faults", {"connection": "lost"})
        with pytest.raises(ConnectionError):
            account.api("get-balance")
        process.end()
    records = [json.loads(line) for line in process.errors.read_text().splitlines()]
    assert [(each["verb"], each["path"], each["status"], each.get("code")) for each in records] == [
        *[("GET", "/get-balance.json", 200, "SUCCESS")] * 4,
        ("POST", "/no-such-method.json", 404, "NOT_IMPLEMENTED"),
        ("GET", "/_sandbox/v1/info", 200, None),
        ("POST", "/_sandbox/v1/faults", 201, None),
        ("POST", "/get-balance.json", 0, "SUCCESS"),
    ]
    ids = [each["request_id"] for each in records]
    assert len(set(ids)) == len(ids)
    assert [index for index, each in enumerate(ids) if not re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", each)] == [1]
    assert ids[1] == "trace/1:a-b"
    assert all(0 < each["took_ms"] < 10_000 for each in records)


def test_a_stop_does_not_wait_for_modules_that_load_late(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path) as process:
        time.sleep(0.3)
        process.end()
    assert process.errors.read_text() == ""
