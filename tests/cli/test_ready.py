"""`ready`: its exit code and its wait."""

import socket
from pathlib import Path

from tests.cli.shell import at, run, write_ready
from tests.ports import free_port
from tests.sandbox import Account


def test_the_exit_code_of_ready_tells_if_the_server_is_ready(server: Account, tmp_path: Path) -> None:
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


def test_ready_uses_no_proxy(server: Account) -> None:
    assert run("ready", *at(server), http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9").exit_code == 0


def test_ready_waits_until_its_timeout(server: Account) -> None:
    assert run("ready", "--wait", "--timeout", "5s", *at(server)).exit_code == 0
    result = run("ready", "--wait", "--timeout", "300ms", "--http-port", str(free_port()))
    assert result.exit_code == 1
    assert run("ready", "--timeout", "soon").exit_code == 2


def test_ready_does_not_accept_another_server(server: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert run("ready", "--wait", "--timeout", "200ms", "--http-port", port).exit_code == 1


def test_a_port_chosen_at_the_start_is_read_from_the_ready_file(server: Account) -> None:
    result = run("ready", "--http-port", "0")
    assert result.exit_code == 1
    assert "--ready-file" in result.output
