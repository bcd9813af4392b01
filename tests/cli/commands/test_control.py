"""The commands that are calls of control: sentences for people, and JSON for programs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.root import main
from sms_sandbox.server.certificates import Certificates
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, run_demo

NOON = "2030-01-31T12:00:00Z"


@pytest.fixture(scope="module")
def demo(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server with the demo."""
    with run_demo(certificates) as account:
        yield account


def run(account: Account, *args: str) -> Result:
    where = ("--http-port", account.ready.http.rpartition(":")[2], "--account", f"{account.key}:{account.secret}")
    return CliRunner().invoke(main, [*args, *where], prog_name="sms-sandbox")


def text(account: Account, *args: str) -> str:
    """Return the output of a command that succeeds."""
    result = run(account, *args)
    assert result.exit_code == 0, result.output
    return result.output


def data(account: Account, *args: str) -> Any:
    return json.loads(text(account, *args, "--json"))


def test_the_clock_is_shown_frozen_moved_and_resumed(server: Account) -> None:
    tenant = server.tenant(frozen_at=NOON)
    shown = text(tenant, "clock", "show").splitlines()
    assert shown == ["2030-01-31 12:00:00 UTC, frozen. Due next:", "  2030-02-28 12:00:00  renewal of a number"]
    message = tenant.send()
    due = f"  2030-01-31 12:00:01  delivery report for {HANDSET} of message {message}: delivered"
    assert text(tenant, "clock", "show").splitlines()[1] == due
    assert text(tenant, "clock", "next").startswith("The clock went 1 s ahead, to 2030-01-31 12:00:01 UTC, ")
    tenant.send()
    assert text(tenant, "clock", "advance", "86399s") == (
        "The clock went 23 h 59 min ahead, to 2030-02-01 12:00:00 UTC, and stays there. "
        "On the way: 1 delivery report.\n"
    )
    assert data(tenant, "clock", "advance", "--to", "2030-02-02")["end"] == "2030-02-02T00:00:00Z"
    assert text(tenant, "clock", "resume").startswith("2030-02-02 00:00:0")
    assert "running" in text(tenant, "clock", "show")
    assert data(tenant, "clock", "freeze")["running"] is False


def test_a_message_is_sent_as_an_app_does(tenant: Account) -> None:
    output = text(tenant, "send", HANDSET, "Hello")
    (message,) = tenant.ok("GET", "/messages")["messages"]
    assert output == f"Message {message['id']} was sent to 1 handset: 1 part, 0.087.\n"
    assert message["text"] == "Hello"
    tenant.ok("POST", "/clock/freeze")
    assert "is sent at 2040-01-31 12:00:00 UTC" in text(tenant, "send", HANDSET, "Later", "--at", "2040-01-31T12:00")
    assert data(tenant, "send", "0491570156", "Hi", "--country", "AU")["recipients"] == 1


def test_a_refused_message_says_why(tenant: Account) -> None:
    result = run(tenant, "send", HANDSET, "Hello", "--from", "NOCREDIT")
    assert result.exit_code == 1
    assert result.output == (
        "Refused with LEDGER_ERROR: Insufficient funds to carry out debit\nThis was caused by magic sender NOCREDIT.\n"
    )
    tenant.send()
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "STOP"})
    numbers = ",".join(["12", HANDSET, *map(str, range(1, 9))])
    assert run(tenant, "send", numbers, "Hello").output == (
        f"Refused with RECIPIENTS_ERROR: not valid: 12, 1, 2, 3, 4 and 4 more; opted out: {HANDSET}\n"
    )
    for args in (("send", "Hello"), ("send", HANDSET, "Hello", "--list", "1"), ("send",)):
        assert run(tenant, *args).exit_code == 2


def test_messages_are_a_table(demo: Account) -> None:
    head, newest, *_ = lines = text(demo, "messages", "-n", "3").splitlines()
    assert head.split() == ["ID", "TIME", "FROM", "RESULT", "TEXT"]
    assert newest.endswith('delivered  "Order 1042 is ready. Track it: https://shop.example/orders/…"')
    assert lines[-1] == f"({demo.ok('GET', '/messages')['page']['total'] - 3} older ones; see --max.)"
    (campaign,) = text(demo, "messages", "--text", "Carlton", "--text", "riders").splitlines()[1:]
    assert "5 delivered, 1 soft-bounce" in campaign
    assert data(demo, "messages") == demo.ok("GET", "/messages", max=20)
    assert "cancelled" in text(demo, "messages", "--status", "cancelled")


def test_callbacks_are_a_table(demo: Account) -> None:
    (_, gone) = text(demo, "callbacks", "--state", "given-up").splitlines()
    assert "given-up after 5 attempts  nothing listens at localhost:1  http://localhost:1/last-years-app" in gone
    (_, waiting) = text(demo, "callbacks", "--state", "waiting").splitlines()
    assert "next at 2026-03-04 11:06:02 after 4 attempts" in waiting
    assert '"The order service is being deployed."' in waiting
    assert data(demo, "callbacks") == demo.ok("GET", "/callbacks", max=20)


def test_a_message_has_a_story(demo: Account) -> None:
    (waiting,) = demo.ok("GET", "/messages", text="Order 1043")["messages"]
    head, shown, sender, parts, price, fate, report, empty, *story = text(
        demo, "message", str(waiting["id"])
    ).splitlines()
    assert head == f"Message {waiting['id']} from 61491570112 to 61491570157: delivered"
    assert (shown, empty) == ("  Order 1043 is paid. We build it this week.", "")
    assert sender == "  sender: The call gave no `from`: 61491570112 is the lowest number that the account leases."
    assert parts == "  parts:  All characters are in GSM-7. 42 septets: up to 160 fit one part."
    assert price == "  price:  1 part to 1 handset, at 0.087 a part: 0.087."
    assert fate.startswith("  fate:   No carrier rule matched")
    assert report.startswith("  report: Goes to `http://")
    assert report.endswith("the call gave it as `dlr_callback`. The last attempt failed: answered 503.")
    assert story[:3] == [
        "2026-03-03 10:00:01  send-sms answered SUCCESS",
        "2026-03-03 10:00:01  handed to the carrier",
        "2026-03-03 10:00:02  the carrier reports delivered for 61491570157",
    ]
    assert [line.partition("  callback")[0] for line in story[3:]] == [
        f"2026-03-0{at}" for at in ("3 10:00:02", "3 10:01:02", "3 10:06:02", "3 11:06:02", "4 11:06:02")
    ]
    assert "attempt 2: answered 503" in story[4]
    assert story[-1].endswith("is due again")
    (stop,) = demo.ok("GET", "/messages", text="Reply STOP")["messages"]
    assert '61491570158 replies "STOP"' in text(demo, "message", str(stop["id"]))
    (code,) = demo.ok("GET", "/messages", text="482913")["messages"]
    assert "one-time code: 482913" in text(demo, "message", str(code["id"]))
    (gone,) = demo.ok("GET", "/messages", text="on the stand")["messages"]
    assert "attempt 5: nothing listens at localhost:1" in text(demo, "message", str(gone["id"]))
    assert "was given up" in text(demo, "message", str(gone["id"]))
    assert data(demo, "message", str(gone["id"]))["message"] == gone
    (later,) = demo.ok("GET", "/messages", status="scheduled")["messages"]
    assert "2026-03-05 08:00:00  will be handed" in text(demo, "message", str(later["id"]))
    assert run(demo, "message", "1").exit_code == 1


def test_an_empty_result_is_a_sentence(tenant: Account) -> None:
    assert text(tenant, "messages") == "No message was sent yet.\n"
    assert text(tenant, "messages", "--sender", "x") == "There are no such messages.\n"
    assert "--dlr-url" in text(tenant, "callbacks")
    assert text(tenant, "callbacks", "--event", "reply") == "There are no such callbacks.\n"


def test_a_callback_is_sent_again(tenant: Account, receiver: Receiver) -> None:
    tenant.ok("POST", "/clock/freeze")
    tenant.ok("PATCH", "/account", {"dlr_url": receiver.url})
    tenant.send()
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = tenant.ok("GET", "/callbacks")["callbacks"]
    output = text(tenant, "resend", str(callback["id"]))
    assert f"(dlr, handset {HANDSET}) to {receiver.url}: answered 200 after " in output
    assert len(tenant.ok("GET", f"/callbacks/{callback['id']}")["attempts"]) == 2
    tenant.ok("POST", "/faults", {"on": "callback", "callback": "drop"})
    result = run(tenant, "resend", str(callback["id"]))
    assert (result.exit_code, "dropped by fault" in result.output) == (1, True)
    assert run(tenant, "resend", "99").exit_code == 1


def test_the_account_is_shown_and_changed(tenant: Account) -> None:
    output = text(tenant, "account", "--dlr-url", "http://localhost:3000/reports", "--balance", "5", "--suspended")
    assert "balance           5.000 AUD" in output
    assert "delivery reports  http://localhost:3000/reports" in output
    assert "suspended" in output
    assert data(tenant, "account", "--dlr-url", "", "--no-suspended") == tenant.ok("GET", "/account")
    assert tenant.ok("GET", "/account")["dlr_url"] is None


def test_expectations_decide_the_exit_code(tenant: Account) -> None:
    tenant.send("Tomorrow at 9")
    assert text(tenant, "verify", "messages", "--text", "tomorrow", "--count", "1") == "As expected: 1 match.\n"
    result = run(tenant, "verify", "calls", "--method", "send-sms", "--param", "message=Today")
    assert result.exit_code == 1
    assert "message 'Tomorrow at 9' instead of 'Today'" in result.output
    assert "send-sms" in text(tenant, "wait", "calls", "--count", "1", "--since", "1h")
    assert run(tenant, "wait", "callbacks", "--timeout", "10ms").exit_code == 1
    assert data(tenant, "verify", "calls", "--at-most", "1")["ok"] is True
    for args in (("messages", "--count", "1", "--at-least", "1"), ("mails",), ("calls", "--param", "x")):
        assert run(tenant, "verify", *args).exit_code == 2


def test_inbound_says_where_it_went(tenant: Account) -> None:
    message = tenant.send()
    output = text(tenant, "inbound", "--from", HANDSET, "STOP")
    assert f"as a reply to message {message}. The handset has opted out. No callback is sent." in output


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("account", "--throttle", "-3"), "--throttle: Expected a whole number of at least 0."),
        (("account", "--price", "-1"), "--price: Expected a number of at least 0"),
        (("inbound", "--from", "me", "hi"), "--from: Expected a text of 3 to 15 digits"),
        (("verify", "calls", "--number", "x"), "--number: "),
        (("wait", "calls", "--timeout", "20m"), "--timeout: Expected a number of at most 600"),
        (("tenant", "new", "--delivery", "400d"), "--delivery: Expected a number of at most "),
        (("tail", "--number", "x"), "--number: "),
        (("tail", "--number", "x", "-n", "0"), "--number: "),
    ],
)
def test_a_refusal_names_the_flag(tenant: Account, args: tuple[str, ...], message: str) -> None:
    result = run(tenant, *args)
    assert result.exit_code == 1
    assert result.output.startswith(f"sms-sandbox: {message}")
    assert "$" not in result.output


def test_tail_has_dates_and_filters(demo: Account) -> None:
    lines = text(demo, "tail", "--since", "2026-03-03", "--until", "2026-03-03T23:59", "--code", "failed").splitlines()
    assert all(line.startswith("2026-03-03 ") and " failed " in line for line in lines)
    assert len(lines) == 7
    newest = text(demo, "tail", "--since", "30m", "--no-follow").splitlines()
    assert newest[0].startswith("2026-03-04 08:")
    (line,) = text(demo, "tail", "--no-follow", "--number", HANDSET, "--kind", "inbound").splitlines()
    assert '"Great, thanks!"' in line
