"""`serve`: settings that it can't start with, and its messages after the start."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sms_sandbox.cli.serve import write_ready
from sms_sandbox.control.shapes.server_info import ServerInfo
from sms_sandbox.server.certificates import Certificates
from tests.cli.shell import start
from tests.processes import start_process
from tests.sandbox import Account
from tests.timing import eventually

INFO = ServerInfo("https://localhost:1", "http://localhost:2", "ca.pem", "ca-bundle.pem", "a-key", "a-secret", pid=3)
WRITTEN = {
    "https": "https://localhost:1", "http": "http://localhost:2", "ca": "ca.pem", "ca_bundle": "ca-bundle.pem",
    "key": "a-key", "secret": "a-secret", "pid": 3, "control_token": None,
}  # fmt: skip
"""INFO as JSON. Clients in other languages read these fields."""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--colour", "red"), "--colour"),
        (("--https-port", "x"), "--https-port"),
        (("--https-port", "70000"), "--https-port must be from 0 to 65535"),
        (("--throttle", "-1"), "--throttle"),
        (("--delivery-delay", "inf"), "--delivery-delay"),
        (("--profile", "2035"), "--profile"),
        (("--account", "nocolon"), "--account must look like KEY:SECRET"),
        (("--account", "a:b", "--account", "a:c"), "each only once"),
        (("--cert-host", "a b"), "--cert-host: 'a b' is not a host name"),
        (("now",), "now"),
    ],
)
def test_a_flag_that_cannot_be_is_a_usage_error(args: Sequence[str], message: str, certificates: Certificates) -> None:
    result = start("serve", "--certs", str(certificates.directory), *args)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_port_that_is_taken_is_named_and_so_is_a_sandbox_there(server: Account, certificates: Certificates) -> None:
    port = urlsplit(server.ready.http).port
    args = ("serve", "--certs", str(certificates.directory), "--https-port", "0", "--http-port")
    result = start(*args, str(port))
    assert result.returncode == 1
    assert f"port {port}: Address already in use. Choose another port with --http-port; 0 picks a free" in result.stderr
    assert f"A sandbox is running there already: http://localhost:{port}/ is its page." in result.stderr
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = start(*args, str(other.getsockname()[1]))
    assert "Address already in use" in result.stderr
    assert "already:" not in result.stderr


def test_a_bad_variable_is_a_usage_error_too(certificates: Certificates) -> None:
    result = start("serve", "--certs", str(certificates.directory), SMS_SANDBOX_HTTP_PORT="x")
    assert result.returncode == 2
    assert "--http-port" in result.stderr


def only_line(result: "subprocess.CompletedProcess[str]") -> str:
    """Return the only line on stderr of a command that failed."""
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("sms-sandbox: ")
    return line


def test_a_port_in_use_is_one_line(certificates: Certificates) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for name in ("--https-port", "--http-port"):
            other = "--http-port" if name == "--https-port" else "--https-port"
            flags = ("--certs", str(certificates.directory), name, port, other, "0")
            line = only_line(start("serve", *flags))
            assert port in line
            assert name in line


@pytest.mark.parametrize("kind", ["folder", "noise", "nowhere", "mysql", "junk", "server"])
def test_a_database_that_cannot_be_used_is_one_line(certificates: Certificates, tmp_path: Path, kind: str) -> None:
    (tmp_path / "noise").write_bytes(b"not a database, but long enough to be taken for one" * 10)
    url = {
        "folder": f"sqlite:///{tmp_path}",
        "noise": f"sqlite:///{tmp_path / 'noise'}",
        "nowhere": f"sqlite:///{tmp_path / 'no' / 'where.db'}",
        "mysql": "mysql://localhost/x",
        "junk": "junk",
        "server": "postgresql://nobody:a-password@127.0.0.1:1/x",
    }[kind]
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    line = only_line(start("serve", *flags, "--database", url))
    assert line.startswith("sms-sandbox: --database: ")
    assert "a-password" not in line


def test_certificates_that_cannot_be_kept_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ports = ("--https-port", "0", "--http-port", "0")
    for command in (("serve", *ports), ("env", "--create")):
        line = only_line(start(*command, "--certs", str(tmp_path / "file")))
        assert line.startswith("sms-sandbox: --certs: Certificates cannot be kept in "), line


def test_an_address_of_another_machine_is_one_line(certificates: Certificates) -> None:
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    assert "192.0.2.1: this machine lacks that address." in only_line(start("serve", *flags, "--host", "192.0.2.1"))


def test_a_ready_file_that_cannot_be_written_is_one_line(certificates: Certificates, tmp_path: Path) -> None:
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    line = only_line(start("serve", *flags, "--ready-file", str(tmp_path / "no" / "ready")))
    assert "ready file" in line


def test_the_ready_file_is_put_in_its_place_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    seen: list[tuple[str, object]] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((path.read_text(), json.loads(self.read_text())))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_ready(INFO, str(path))
    assert seen == [("old", WRITTEN)]
    assert ServerInfo.from_json(path.read_text()) == INFO
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert ServerInfo.from_json(json.dumps({**WRITTEN, "added": "later"})) == INFO


@pytest.mark.parametrize("quiet", [False, True])
def test_a_person_at_a_terminal_sees_the_traffic(certificates: Certificates, tmp_path: Path, quiet: bool) -> None:
    ours, its = os.openpty()
    file = tmp_path / "ready.json"
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0", "--ready-file", str(file))
    command = [sys.executable, "-m", "sms_sandbox", "serve", *flags, *(("--quiet",) if quiet else ())]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with start_process(command, stdout=its, stderr=subprocess.DEVNULL, env=environment) as process:
        os.close(its)
        eventually(file.exists)
        account = Account(ServerInfo.from_json(file.read_text()))
        account.api("send-sms", mesage="x")
        output = b""
        while not quiet and b"hint" not in output:
            output += os.read(ours, 1 << 16)
        other = account.tenant(name="billing-team")
        other.api("get-balance")
        while not quiet and b"get-balance" not in output:
            output += os.read(ours, 1 << 16)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 1 << 16):
            output += piece
    os.close(ours)
    if quiet:
        assert output.decode().startswith("sms-sandbox ready: {")
        assert b"send-sms" not in output
    else:
        line, hint, made, asked = output.decode().splitlines()
        assert "\x1b[31mFIELD_EMPTY 400" in line
        assert "default" not in line  # the only tenant has no name here
        assert "default" not in made  # the new tenant has no traffic yet
        assert "\x1b[36mbilling-team\x1b[0m call     get-balance" in asked
        assert "hint: send-sms has no parameter `mesage`. Did you mean `message`?" in hint


def start_at_terminal(certificates: Certificates, *flags: str) -> tuple[dict[str, str], list[str]]:
    """Start a server whose stderr is a terminal, and stop it. Return its ready line and what the terminal showed."""
    ours, its = os.openpty()
    ports = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    with start_process([sys.executable, "-m", "sms_sandbox", "serve", *ports, *flags], stderr=its) as process:
        os.close(its)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline().removeprefix("sms-sandbox ready: "))
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.wait(10) == 0
    output = b""
    with suppress(OSError):  # Linux reports the end of a terminal as an error
        while piece := os.read(ours, 1 << 16):
            output += piece
    os.close(ours)
    return ready, output.decode().splitlines()


@pytest.mark.parametrize(("log_format", "greets"), [("text", True), ("json", False)])
def test_a_person_at_a_terminal_sees_all_addresses(certificates: Certificates, log_format: str, greets: bool) -> None:
    ready, lines = start_at_terminal(certificates, "--log-format", log_format)
    assert len(lines) == (3 if greets else 0)
    if greets:
        assert all(ready[each] in lines[0] for each in ("https", "key", "secret"))
        assert f"{ready['http']}/" in lines[1]
        assert "Ctrl-C" in lines[2]


def test_a_person_at_a_terminal_reads_sentences_and_no_log(certificates: Certificates) -> None:
    _, lines = start_at_terminal(certificates, "--host", "0.0.0.0")  # noqa: S104 (what is under test)
    assert lines[0] == "Other machines can reach this server, because it listens on 0.0.0.0."
    assert not [line for line in lines if "WARNING" in line]
