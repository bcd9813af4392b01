"""`sms-sandbox fault`: faults added, listed and cleared from a shell."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.fault import parse_delay
from sms_sandbox.cli.root import main
from tests.sandbox import HANDSET, Account

Run = Callable[..., Result]


@pytest.fixture
def tenant(server: Account) -> Account:
    return server.tenant(frozen_at="2030-01-31T12:00:00Z")


@pytest.fixture
def fault(tenant: Account) -> Run:
    """A function that runs `sms-sandbox fault` on the tenant."""
    port = tenant.ready.http.rpartition(":")[2]
    where = ("--http-port", port, "--account", f"{tenant.key}:{tenant.secret}")
    return lambda *args: CliRunner().invoke(main, ["fault", *args, *where], prog_name="sms-sandbox")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("--method send-sms --error LEDGER_ERROR --count 1",
         {"on": "api", "method": "send-sms", "error": "LEDGER_ERROR", "count": 1, "remaining": 1}),
        ("--status 503", {"on": "api", "status": 503}),
        ("--body html", {"body": "html"}),
        ("--connection reset", {"connection": "reset"}),
        ("--delay 2s", {"delay": {"seconds": 2.0}}),
        ("--delay 100ms..2s --status 504", {"delay": {"from": 0.1, "to": 2.0}, "status": 504}),
        ("--delay 300ms~0.8", {"delay": {"median": 0.3, "sigma": 0.8}}),
        ("--on callback --callback duplicate", {"on": "callback", "callback": "duplicate"}),
        ("--callback drop", {"on": "callback", "callback": "drop"}),
        ("--on callback --delay 1h", {"on": "callback", "delay": {"seconds": 3600.0}}),
        ("--event dlr --delay 1m", {"on": "callback", "event": "dlr", "delay": {"seconds": 60.0}}),
        ("--error FAILED --to 6149157* --text code --sender Abc --key k --nth 2 --share 0.5",
         {"match": {"to": "6149157*", "text": "code", "sender": "Abc", "key": "k"}, "nth": 2, "share": 0.5}),
        ("--error FAILED --for 1m", {"until": "2030-01-31T12:01:00Z"}),
    ],
)  # fmt: skip
def test_a_fault_is_added(tenant: Account, fault: Run, args: str, expected: dict[str, Any]) -> None:
    ran = fault("add", *args.split(), "--json")
    assert ran.exit_code == 0, ran.output
    added = json.loads(ran.output)
    assert {name: added[name] for name in expected} == expected
    assert tenant.ok("GET", "/faults") == {"faults": [added]}


def test_a_fault_added_first_decides(tenant: Account, fault: Run) -> None:
    for args in (("--error", "FAILED"), ("--error", "NO_ACCESS", "--first")):
        assert fault("add", *args).exit_code == 0
    assert tenant.api("get-balance")["error"]["code"] == "NO_ACCESS"


def test_faults_are_listed_one_to_a_line_and_cleared(tenant: Account, fault: Run) -> None:
    assert fault("list").output == "There are no faults.\n"
    added = fault("add", "--method", "send-sms", "--error", "LEDGER_ERROR", "--count", "2", "--to", HANDSET).output
    left = "error LEDGER_ERROR; used 0 of 0 seen, 2 left"
    assert added == f"Added fault 1  on api: send-sms, to 61491570156, {left}.\n"
    fault("add", "--delay", "1s..2s", "--for", "1m")
    fault("add", "--event", "dlr", "--callback", "drop")
    tenant.api("send-sms", message="Hi", to=HANDSET)
    assert fault("list").output.splitlines() == [
        "1  on api: send-sms, to 61491570156, error LEDGER_ERROR; used 1 of 1 seen, 1 left",
        "2  on api: delay from 1 to 2; used 0 of 0 seen, until 2030-01-31 12:01:00 UTC",
        "3  on callback: dlr, callback drop; used 0 of 0 seen",
    ]
    assert fault("clear", "2", "3").output == "Removed 2 faults.\n"
    assert [each["id"] for each in tenant.ok("GET", "/faults")["faults"]] == [1]
    assert fault("clear", "2").exit_code == 1
    assert fault("clear").exit_code == 0
    assert tenant.ok("GET", "/faults") == {"faults": []}


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        ("--body gzip", 2, "is not one of"),
        ("--delay soon", 2, "not a span of time"),
        ("--delay 1s~wide", 2, "not a spread"),
        ("", 2, "Give an effect: --error, "),
        ("--error LEDGER", 1, "did you mean 'LEDGER_ERROR'?"),
        ("--status 503 --body html", 1, "Give only one effect"),
    ],
)
def test_an_invalid_fault_is_refused(fault: Run, args: str, status: int, message: str) -> None:
    ran = fault("add", *args.split())
    assert ran.exit_code == status
    assert message in ran.output


def test_the_commands_in_the_docs_work(tenant: Account, fault: Run) -> None:
    page = (Path(__file__).parents[3] / "docs" / "faults.md").read_text()
    written = re.findall(r"^sms-sandbox fault (.*)$", page, re.MULTILINE)
    assert len(written) > 10
    for each in written:
        ran = fault(*shlex.split(each))
        assert ran.exit_code == 0, (each, ran.output)
    (body,) = re.findall(r"-d '(.*)'", page)
    assert tenant.ok("POST", "/faults", json.loads(body))["error"] == "LEDGER_ERROR"


def test_an_incomplete_delay_is_a_usage_error() -> None:
    for written in ("", "..2s", "1s..", "~1"):
        with pytest.raises(click.UsageError):
            parse_delay(written)


def test_a_fault_that_is_switched_off_is_marked_in_the_list(tenant: Account, fault: Run) -> None:
    added = tenant.ok("POST", "/faults", {"status": 503, "enabled": False})
    assert fault("list").output == f"{added['id']}  on api: status 503; used 0 of 0 seen, switched off\n"
