"""The demo: the contents of its story, which are the same in each run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.client.demo import tell_story
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.testing import Sandbox
from tests.processes import run_process
from tests.sandbox import Account, run_demo


@pytest.fixture(scope="module")
def demo(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server with the demo."""
    with run_demo(certificates, throttle=1) as account:
        yield account


def listed(account: Account, name: str, **query: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = account.ok("GET", f"/{name}", max=1000, **query)[
        "entries" if name == "traffic" else name
    ]
    return rows


def test_the_demo_has_every_kind_of_data(demo: Account) -> None:
    states = {each["state"] for each in listed(demo, "callbacks")}
    assert states == {"delivered", "waiting", "given-up"}
    assert {each["event"] for each in listed(demo, "callbacks")} >= {"dlr", "reply", "inbound", "link-hit"}
    assert {each["status"] for each in listed(demo, "messages")} == {"sent", "scheduled", "cancelled"}
    assert {each["status"] for each in listed(demo, "recipients", sent="true")} == {
        "delivered", "soft-bounce", "hard-bounce",
    }  # fmt: skip
    codes = {each["code"] for each in listed(demo, "traffic", kind="call")}
    assert codes == {"SUCCESS", "AUTH_FAILED", "FIELD_EMPTY", "LEDGER_ERROR", "RECIPIENTS_ERROR"}
    assert sum(each["optouts"] for each in listed(demo, "messages")) == 2
    assert sum(each["link_hits"] for each in listed(demo, "messages")) == 1
    assert [each["remaining"] for each in listed(demo, "faults")] == [0]
    assert any("open 8 to 6" in each["text"] for each in listed(demo, "recipients"))


def test_the_clock_runs_from_the_end_of_the_demo(demo: Account) -> None:
    clock = demo.ok("GET", "/clock")
    assert clock["running"]
    assert clock["now"].startswith("2026-03-04T08:5")


def test_a_tenant_with_messages_gets_no_demo(demo: Account) -> None:
    before = demo.ok("GET", "/messages")["page"]["total"]
    assert not tell_story(demo.ready)
    assert demo.ok("GET", "/messages")["page"]["total"] == before


def story(entries: list[dict[str, Any]]) -> list[str]:
    """Return the parts that are equal in each run: no durations, no order within a moment."""
    shown = ("at", "kind", "method", "number", "code", "status", "rule", "error", "message_id", "hints")
    events = (each for each in entries if each["kind"] != "control")  # the last one is made while the clock runs
    return sorted(json.dumps([each[name] for name in shown]) for each in events)


def test_each_start_has_the_same_demo(demo: Account, certificates: Certificates, tmp_path: Path) -> None:
    with run_process(certificates, tmp_path, "--demo", "--throttle", "1") as started:
        # Its ready line comes once the story is told.
        assert story(listed(started.account, "traffic")) == story(listed(demo, "traffic"))
        messages = listed(started.account, "recipients")
        assert messages == listed(demo, "recipients")


def test_a_server_for_tests_can_have_the_demo(certificates: Certificates) -> None:
    with Sandbox.start(certs=certificates.directory, in_process=True, demo=True) as sandbox:
        assert sandbox.handset("61491570157").inbox()[-1].startswith("Order 1043 is paid.")
