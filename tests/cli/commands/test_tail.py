"""`sms-sandbox tail`, at a terminal and behind a pipe."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

import click
import msgspec
import pytest

from sms_sandbox.cli.traffic_lines import format_entry
from sms_sandbox.control.shapes.traffic import Entry
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from tests.processes import run_process, start_process
from tests.sandbox import HANDSET, Account


def command(tenant: Account, *args: str) -> list[str]:
    where = ["--http-port", tenant.ready.http.rpartition(":")[2], "--account", f"{tenant.key}:{tenant.secret}"]
    return [sys.executable, "-m", "sms_sandbox", "tail", *where, *args]


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "NO_COLOR"))} | more


@contextmanager
def tail(tenant: Account, *args: str) -> Iterator["subprocess.Popen[str]"]:
    with start_process(command(tenant, *args), stderr=subprocess.PIPE, env=environment()) as process:
        yield process


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().rstrip("\n")


def test_old_entries_come_first_and_then_new_ones(tenant: Account) -> None:
    tenant.send("Before")
    with tail(tenant) as process:
        before = line(process)
        assert all(word in before for word in ("call", "send-sms", HANDSET, "SUCCESS", '"Before"'))
        assert "\x1b" not in before
        tenant.api("send-sms", mesage="x")
        happened = line(process)
        while "report" in happened:
            happened = line(process)
        assert "FIELD_EMPTY 400" in happened
        assert line(process).strip().startswith("hint: send-sms has no parameter `mesage`. Did you mean `message`?")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr
        assert process.stderr.read().strip() == ""


def test_lines_of_json_and_filters(tenant: Account) -> None:
    for method in ("get-lists", "get-numbers", "get-lists"):
        tenant.api(method)
    with tail(tenant, "--json", "-n", "1", "--method", "get-lists", "--kind", "call") as process:
        assert json.loads(line(process)) == {**tenant.ok("GET", "/traffic/3")}
        tenant.api("get-numbers")
        tenant.api("get-lists")
        assert json.loads(line(process))["id"] == 5


def test_without_history_only_new_entries_are_printed(tenant: Account) -> None:
    tenant.api("get-lists")
    with tail(tenant, "-n", "0", "--json") as process:
        assert process.stdout
        for _ in range(200):  # it does not say when it is listening
            tenant.api("get-numbers")
            if select([process.stdout], [], [], 0.1)[0]:
                break
        assert json.loads(line(process))["method"] == "get-numbers"


def test_tail_ends_with_the_sandbox(certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path) as sandbox:
        sandbox.account.api("get-balance")
        with tail(sandbox.account) as process:
            assert "get-balance" in line(process)
            sandbox.account.api("get-lists")
            assert "get-lists" in line(process)
            sandbox.end()
            assert process.wait(20) == 0
            assert process.stderr
            assert process.stderr.read() == "sms-sandbox: The sandbox has stopped, or the tenant is gone.\n"


def test_tail_says_why_it_cannot_begin(tenant: Account) -> None:
    wrong = Account(tenant.ready, tenant.key, "wrong")
    for args in ([], ["-n", "0"]):
        ended = subprocess.run(
            command(wrong, *args), capture_output=True, text=True, timeout=100, env=environment(), check=False
        )
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr.startswith("sms-sandbox: There is no account with this key and secret. Correct --account,")
        assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("plain", [False, True])
def test_colour_is_for_terminals_that_want_it(tenant: Account, plain: bool) -> None:
    tenant.api("get-balance")
    parent, child = pty.openpty()
    env = environment(**({"NO_COLOR": "1"} if plain else {}))
    with start_process(command(tenant), stdout=child, stderr=subprocess.DEVNULL, env=env) as process:
        os.close(child)
        output = os.read(parent, 1000)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    os.close(parent)
    assert b"SUCCESS" in output
    assert (b"\x1b[" in output) is not plain


ENTRY: dict[str, Any] = {
    "id": 1, "at": "2030-01-31T12:00:00.123456Z", "kind": "call", "account_id": 1, "method": "send-sms",
    "number": HANDSET,
    "code": "SUCCESS", "status": 200, "rule": None, "took_ms": 0.84, "verb": "POST", "url": "/send-sms.json",
    "request": {"message": "Hi"}, "reply": {}, "error": None, "message_id": 1, "hints": [], "cut": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, '2030-01-31 12:00:00.123 call     send-sms     61491570156  SUCCESS 0.8 ms "Hi"'),
        ({"at": "2030-01-31T12:00:00Z"},
         '2030-01-31 12:00:00.000 call     send-sms     61491570156  SUCCESS 0.8 ms "Hi"'),
        ({"kind": "callback", "method": "dlr", "code": "failed", "status": 503, "error": "answered 503",
          "request": {}, "rule": "fault 3"},
         "2030-01-31 12:00:00.123 callback dlr          61491570156  failed 503 0.8 ms [fault 3]"),
        ({"kind": "callback", "method": "dlr", "code": "failed", "status": 500, "error": "answered 500",
          "request": {}, "reply": "No such order\nat line 3"},
         '2030-01-31 12:00:00.123 callback dlr          61491570156  failed 500 0.8 ms "No such order"'),
        ({"code": "FIELD_EMPTY", "status": 400, "request": {}, "hints": ["Hm.", "And?"],
          "reply": {"error": {"code": "FIELD_EMPTY", "description": "Field message is empty"}}},
         "2030-01-31 12:00:00.123 call     send-sms     61491570156  FIELD_EMPTY 400 0.8 ms Field message is empty"
         + "".join(f"\n{' ' * 24}hint: {hint}" for hint in ("Hm.", "And?"))),
        ({"kind": "report", "method": None, "code": "delivered", "status": None, "took_ms": None, "request": {}},
         "2030-01-31 12:00:00.123 report                61491570156  delivered"),
        ({"request": {"message": "a\x1b[2Jb\nc" + "x" * 80}},
         f'2030-01-31 12:00:00.123 call     send-sms     61491570156  SUCCESS 0.8 ms "a\\x1b[2Jb\\nc{"x" * 51}…"'),
    ],
)  # fmt: skip
def test_each_kind_of_entry_has_its_line(more: dict[str, Any], shown: str) -> None:
    assert click.unstyle(format_entry(msgspec.convert({**ENTRY, **more}, Entry))) == shown
