"""`inbound` and `advance`, and the options that lead to a server."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.cli.shell import at, run, write_ready
from tests.ports import free_port
from tests.sandbox import HANDSET, Account, run_sandbox


def test_a_handset_writes_from_a_shell(server: Account) -> None:
    message = server.send()
    result = run("inbound", "--from", HANDSET, "thanks", "--json", *at(server))
    assert result.exit_code == 0
    assert json.loads(result.output)["message_id"] == message
    own = str(server.api("get-numbers", filter="owned")["numbers"][0]["number"])
    result = run("inbound", "--from", HANDSET, "--to", own, "hello", "--json", *at(server))
    assert json.loads(result.output)["to"] == own


def test_helpers_act_on_the_account_that_is_named(server: Account) -> None:
    tenant = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    mine = ("--account", f"{tenant.key}:{tenant.secret}")
    result = run("clock", "advance", "24h", "--json", *mine, *at(server))
    assert json.loads(result.output)["end"] == "2030-02-01T12:00:00Z"
    result = run("clock", "advance", "--to", "2030-02-02T00:00:00Z", "--json", *mine, *at(server))
    assert json.loads(result.output)["end"] == "2030-02-02T00:00:00Z"
    assert tenant.ok("GET", "/clock")["now"] == "2030-02-02T00:00:00Z"


def test_a_refusal_is_one_line(server: Account) -> None:
    for args in (
        ("inbound", "--from", "61491570159", "hi"),
        ("inbound", "--from", "me", "hi"),
        ("clock", "advance", "--to", "2001-01-01T00:00:00Z"),
        ("clock", "advance", "24h", "--account", "nobody:here"),
    ):
        result = run(*args, *at(server))
        assert result.exit_code == 1, args
        assert len(result.output.splitlines()) == 1
    result = run("clock", "advance", "24h", "--http-port", str(free_port()))
    assert result.exit_code == 1
    assert "No sandbox answers at http://localhost:" in result.output


@pytest.mark.parametrize(
    "args", [(), ("soon",), ("--to", "tomorrow"), ("24h", "--to", "2030-01-01T00:00:00Z"), ("-1h",), ("1e99d",)]
)
def test_an_advance_must_say_how_far(server: Account, args: Sequence[str]) -> None:
    assert run("clock", "advance", *args, *at(server)).exit_code == 2


def test_a_token_is_sent_along(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), control_token="let-me-in")
    with run_sandbox(settings) as account:
        assert run("clock", "advance", "1s", *at(account)).exit_code == 1
        assert run("clock", "advance", "1s", "--control-token", "let-me-in", *at(account)).exit_code == 0
        assert run("clock", "advance", "1s", *at(account), SMS_SANDBOX_CONTROL_TOKEN="let-me-in").exit_code == 0


def test_the_ready_file_has_the_token(certificates: Certificates, tmp_path: Path) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), control_token="let-me-in")
    file = tmp_path / "ready.json"
    with run_sandbox(settings) as account:
        write_ready(account, file)
        assert run("clock", "advance", "1s", "--ready-file", str(file)).exit_code == 0
        assert run("clock", "advance", "1s", "--ready-file", str(file), "--control-token", "another").exit_code == 1
