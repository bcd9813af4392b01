"""The command line: what it says of itself, what it takes from where, and how it ends."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli import announce, main
from sms_sandbox.commands.options import seconds
from sms_sandbox.settings import PREFIX, Settings, flag, variable
from sms_sandbox.tls import Certificates
from tests.serving import HANDSET, Account, serving


def run(*args: str, **environment: str) -> Result:
    """A command in this process."""
    return CliRunner().invoke(main, args, env=environment, prog_name="sms-sandbox")


def start(*args: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own that ends by itself."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", "sms_sandbox", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env={**clean, **environment})


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    with serving(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


def at(server: Account) -> tuple[str, ...]:
    """The flags that lead to a server."""
    return ("--http-port", server.ready.http.rpartition(":")[2])


# What it says of itself


def options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def flat(text: str) -> str:
    return " ".join(text.split())


def test_help_lists_the_commands_with_a_sentence_each() -> None:
    text = run("--help").output
    for name, command in main.commands.items():
        assert f"  {name} " in text
        assert command.help
        assert command.help.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_help_of_a_command_lists_each_flag_with_its_variable_and_a_sentence(name: str) -> None:
    text = flat(run(name, "--help").output)
    for each in options(main.commands[name]):
        assert each.opts[0] in text
        assert each.help
        assert each.help.endswith((".", ":")), each.help
        assert flat(each.help) in text or each.help.split()[0] in text
        if isinstance(each.envvar, str):
            assert each.envvar in text


def test_serve_takes_every_setting() -> None:
    found = {each.opts[0]: each for each in options(main.commands["serve"])}
    assert set(found) == {flag(each.name) for each in fields(Settings)}
    assert {each.envvar for each in found.values()} == {variable(each.name) for each in fields(Settings)}


def test_the_version_is_told() -> None:
    assert run("--version").output.startswith("sms-sandbox, version ")


# Where a setting comes from: flag, environment, default


def test_a_flag_wins_over_the_environment_and_that_over_the_default(certificates: Certificates) -> None:
    def url(*args: str, **environment: str) -> str:
        result = run("env", "--certs", str(certificates.directory), *args, **environment)
        assert result.exit_code == 0, result.output
        return result.output.partition("SMS_SANDBOX_URL=")[2].partition("\n")[0]

    assert url() == "https://localhost:8443"
    assert url(SMS_SANDBOX_HTTPS_PORT="9443") == "https://localhost:9443"
    assert url("--https-port", "9444", SMS_SANDBOX_HTTPS_PORT="9443") == "https://localhost:9444"
    assert url("--host", "::1") == "'https://[::1]:8443'"


def test_several_accounts_come_by_flags_and_by_the_environment(certificates: Certificates) -> None:
    where = ("env", "--certs", str(certificates.directory))
    assert "SMS_SANDBOX_KEY=a\n" in run(*where, "--account", "a:b", "--account", "c:d").output
    assert "SMS_SANDBOX_KEY=x\n" in run(*where, SMS_SANDBOX_ACCOUNT="x:y z:w").output


# How it ends


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--colour", "red"), "--colour"),
        (("--https-port", "x"), "--https-port"),
        (("--https-port", "70000"), "--https-port must be from 0 to 65535"),
        (("--throttle", "-1"), "--throttle"),
        (("--delivery-delay", "inf"), "--delivery-delay"),
        (("--profile", "2035"), "--profile"),
        (("--account", "nocolon"), "--account must look like KEY:SECRET"),
        (("--account", "a:b", "--account", "a:c"), "each only once"),
        (("--cert-host", "a b"), "'a b' is no host name"),
        (("now",), "now"),
    ],
)
def test_a_flag_that_cannot_be_is_a_usage_error(args: Sequence[str], said: str, certificates: Certificates) -> None:
    result = start("serve", "--certs", str(certificates.directory), *args)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_bad_variable_is_a_usage_error_too(certificates: Certificates) -> None:
    result = start("serve", "--certs", str(certificates.directory), SMS_SANDBOX_HTTP_PORT="x")
    assert result.returncode == 2
    assert "--http-port" in result.stderr


def only_line(result: "subprocess.CompletedProcess[str]") -> str:
    """The one line on stderr of a command that failed."""
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
    assert "database" in line
    assert "a-password" not in line


def test_certificates_that_cannot_be_kept_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in only_line(start("serve", "--certs", str(tmp_path / "file")))
    assert "file" in only_line(start("env", "--certs", str(tmp_path / "file")))


def test_a_host_that_is_not_here_is_one_line(certificates: Certificates) -> None:
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    assert "192.0.2.1" in only_line(start("serve", *flags, "--host", "192.0.2.1"))


def test_a_ready_file_that_cannot_be_written_is_one_line(certificates: Certificates, tmp_path: Path) -> None:
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    line = only_line(start("serve", *flags, "--ready-file", str(tmp_path / "no" / "ready")))
    assert "ready file" in line


def test_the_ready_file_is_put_in_its_place_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ready.json"
    path.write_text("old")
    seen: list[tuple[str, object]] = []
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append((path.read_text(), json.loads(self.read_text())))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    announce({"https": "https://localhost:1"}, str(path))
    assert seen == [("old", {"https": "https://localhost:1"})]
    assert json.loads(path.read_text()) == {"https": "https://localhost:1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert capsys.readouterr().out == 'sms-sandbox ready: {"https": "https://localhost:1"}\n'


@pytest.mark.parametrize(("log_format", "greets"), [("text", True), ("json", False)])
def test_a_person_at_a_terminal_is_told_where_everything_is(
    certificates: Certificates, log_format: str, greets: bool
) -> None:
    ours, its = os.openpty()
    flags = ("--certs", str(certificates.directory), "--https-port", "0", "--http-port", "0")
    command = [sys.executable, "-m", "sms_sandbox", "serve", *flags, "--log-format", log_format]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its, text=True) as process:
        os.close(its)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline().removeprefix("sms-sandbox ready: "))
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(10) == 0
    said = b""
    with suppress(OSError):  # how Linux tells the end of a terminal
        while piece := os.read(ours, 1 << 16):
            said += piece
    os.close(ours)
    assert rest == ""
    lines = said.decode().splitlines()
    assert len(lines) == (3 if greets else 0)
    if greets:
        assert all(ready[each] in lines[0] for each in ("https", "key", "secret"))
        assert f"{ready['http']}/" in lines[1]
        assert "Ctrl-C" in lines[2]


# ready


def test_ready_tells_by_its_exit_code(server: Account, tmp_path: Path) -> None:
    assert run("ready", *at(server)).exit_code == 0
    assert run("ready", SMS_SANDBOX_HTTP_PORT=at(server)[1]).exit_code == 0
    result = run("ready", "--http-port", str(free_port()))
    assert result.exit_code == 1
    assert "not ready" in result.output
    ready_file = tmp_path / "ready.json"
    assert run("ready", "--ready-file", str(ready_file)).exit_code == 1
    ready_file.write_text("{}")
    assert run("ready", "--ready-file", str(ready_file)).exit_code == 1
    write_ready(server, ready_file)
    assert run("ready", "--ready-file", str(ready_file)).output == "ready\n"


def test_ready_asks_no_proxy(server: Account) -> None:
    assert run("ready", *at(server), http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9").exit_code == 0


def test_ready_waits_for_so_long(server: Account) -> None:
    assert run("ready", "--wait", "--timeout", "5s", *at(server)).exit_code == 0
    result = run("ready", "--wait", "--timeout", "300ms", "--http-port", str(free_port()))
    assert result.exit_code == 1
    assert run("ready", "--timeout", "soon").exit_code == 2


def test_ready_is_not_deceived_by_somebody_else(server: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert run("ready", "--wait", "--timeout", "200ms", "--http-port", port).exit_code == 1


def test_a_port_picked_at_the_start_is_asked_of_the_ready_file(server: Account) -> None:
    result = run("ready", "--http-port", "0")
    assert result.exit_code == 1
    assert "--ready-file" in result.output


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def write_ready(server: Account, path: Path) -> None:
    path.write_text(json.dumps(vars(server.ready)))


# env


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export SMS_SANDBOX_KEY=sandbox-key\n"),
        ("powershell", "$env:SMS_SANDBOX_KEY = 'sandbox-key'\n"),
        ("dotenv", 'SMS_SANDBOX_KEY="sandbox-key"\n'),
        ("github", "SMS_SANDBOX_KEY=sandbox-key\n"),
    ],
)
def test_env_prints_lines_for_a_shell(certificates: Certificates, shell: str, line: str) -> None:
    result = run("env", "--certs", str(certificates.directory), "--shell", shell)
    assert result.exit_code == 0
    assert line in result.output
    assert str(certificates.ca_bundle) in result.output


def test_env_makes_certificates_where_there_are_none(tmp_path: Path) -> None:
    assert run("env", "--certs", str(tmp_path / "certs")).exit_code == 0
    assert (tmp_path / "certs" / "ca.pem").exists()


def test_env_reads_a_ready_file(server: Account, tmp_path: Path) -> None:
    write_ready(server, tmp_path / "ready.json")
    output = run("env", "--ready-file", str(tmp_path / "ready.json")).output
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in output
    assert f"export NODE_EXTRA_CA_CERTS={server.ready.ca}\n" in output


def test_env_refuses_what_cannot_be(certificates: Certificates, tmp_path: Path) -> None:
    where = ("env", "--certs", str(certificates.directory))
    assert run(*where, "--shell", "fish").exit_code == 2
    assert run(*where, "--account", "nocolon").exit_code == 2
    assert run(*where, "--cert-host", "a b").exit_code == 2
    assert run("env", "--ready-file", str(tmp_path / "none")).exit_code == 1


# inbound and advance


def test_a_handset_writes_from_a_shell(server: Account) -> None:
    message = server.send()
    result = run("inbound", "--from", HANDSET, "thanks", *at(server))
    assert result.exit_code == 0
    assert json.loads(result.output)["message_id"] == message
    own = str(server.api("get-numbers", filter="owned")["numbers"][0]["number"])
    result = run("inbound", "--from", HANDSET, "--to", own, "hello", *at(server))
    assert json.loads(result.output)["to"] == own


def test_helpers_act_on_the_account_that_is_named(server: Account) -> None:
    world = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    mine = ("--account", f"{world.key}:{world.secret}")
    result = run("advance", "24h", *mine, *at(server))
    assert json.loads(result.output)["end"] == "2030-02-01T12:00:00Z"
    result = run("advance", "--to", "2030-02-02T00:00:00Z", *mine, *at(server))
    assert json.loads(result.output)["end"] == "2030-02-02T00:00:00Z"
    assert world.ok("GET", "/clock")["now"] == "2030-02-02T00:00:00Z"


def test_a_refusal_is_one_line(server: Account) -> None:
    for args in (
        ("inbound", "--from", "61491570159", "hi"),
        ("inbound", "--from", "me", "hi"),
        ("advance", "--to", "2001-01-01T00:00:00Z"),
        ("advance", "--to", "tomorrow"),
        ("advance", "24h", "--account", "nobody:here"),
    ):
        result = run(*args, *at(server))
        assert result.exit_code == 1, args
        assert len(result.output.splitlines()) == 1
    result = run("advance", "24h", "--http-port", str(free_port()))
    assert result.exit_code == 1
    assert "No sandbox answers at http://127.0.0.1:" in result.output


@pytest.mark.parametrize("args", [(), ("soon",), ("24h", "--to", "2030-01-01T00:00:00Z"), ("-1h",), ("1e99d",)])
def test_an_advance_must_say_how_far(server: Account, args: Sequence[str]) -> None:
    assert run("advance", *args, *at(server)).exit_code == 2


def test_a_token_is_sent_along(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), control_token="let-me-in")
    with serving(settings) as account:
        assert run("advance", "1s", *at(account)).exit_code == 1
        assert run("advance", "1s", "--control-token", "let-me-in", *at(account)).exit_code == 0
        assert run("advance", "1s", *at(account), SMS_SANDBOX_CONTROL_TOKEN="let-me-in").exit_code == 0


@pytest.mark.parametrize(
    ("span", "value"),
    [("30s", 30), ("5m", 300), ("24h", 86400), ("3d", 259200), ("300ms", 0.3), ("1.5h", 5400), ("90", 90), ("0s", 0)],
)
def test_spans_are_read(span: str, value: float) -> None:
    assert seconds(span) == pytest.approx(value)


@pytest.mark.parametrize("span", ["", "s", "-1s", "nan", "inf", "1w", "1 h x", "1hs", "9" * 400, "1e400", "5e9s"])
def test_what_is_no_span_is_a_usage_error(span: str) -> None:
    with pytest.raises(click.UsageError):
        seconds(span)
