"""The process: what it says when it is ready, and how it ends."""

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
from tests.sandbox import KEY, SECRET
from tests.server.connecting import plain, port_of, read_all, secure


def test_a_process_says_once_that_it_is_ready_and_where(certificates: Certificates, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with run_process(certificates, tmp_path, "--ready-file", str(ready_file)) as process:
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
        process.end()
        assert process.process.stdout is not None
        assert process.process.stdout.read() == ""
    assert process.errors.read_text() == ""


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_whatever_is_under_way(
    certificates: Certificates, tmp_path: Path, receiver: Receiver, by: signal.Signals
) -> None:
    with (
        receiver.holding(),
        run_process(certificates, tmp_path, "--delivery-delay", "0", "--log-format", "json") as process,
    ):
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
        tenant = process.account.tenant()
        tenant.send(dlr_callback=receiver.url)
        with ThreadPoolExecutor(1) as pool:
            advance = pool.submit(tenant.control, "POST", "/clock/advance", {"days": 3})
            receiver.wait_for(2)
            process.end(by)
            assert advance.result().status == 503
        for connection in (*idle, silent, half, unread):
            connection.close()
    assert process.errors.read_text() == ""


def test_a_second_signal_does_no_harm(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path) as process:
        process.process.send_signal(signal.SIGINT)
        process.end(signal.SIGINT)


def test_log_lines_are_json_where_that_is_wanted(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path, "--log-format", "json") as process:
        with plain(process.account, port_of(process.account.ready.http)) as connection:
            connection.sendall(b"NONSENSE\r\n\r\n")
            read_all(connection)
        process.end()
    (line,) = process.errors.read_text().splitlines()
    told = json.loads(line)
    assert list(told) == ["time", "level", "logger", "message"]
    assert (told["level"], told["message"]) == ("warning", "Invalid HTTP request received.")


def test_the_background_does_not_hold_up_the_end(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path) as process:
        time.sleep(0.3)
        process.end()
    assert process.errors.read_text() == ""
