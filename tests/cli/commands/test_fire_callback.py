"""`sms-sandbox fire-callback`: the request that it sends, and its result."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.fire_callback import DLR, PARAMETER_HELP, REPLY
from sms_sandbox.cli.root import main
from sms_sandbox.testing import Receiver

SECRET = "sandbox-secret"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(SECRET) as opened:
        yield opened


def fire(*args: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["fire-callback", *args], env=environment, prog_name="sms-sandbox")


def test_every_parameter_is_explained() -> None:
    assert {name for name, _ in (*DLR, *REPLY)} == PARAMETER_HELP.keys()


def test_a_delivery_report_arrives_signed(receiver: Receiver) -> None:
    result = fire("dlr", f"{receiver.url}/hook?order=17", "--status", "hard-bounce", "--message-id", "42")
    assert result.exit_code == 0, result.output
    (came,) = receiver.dlrs
    assert came.signed
    assert list(came.params) == ["order", *(name for name, _ in DLR)]
    assert (came["order"], came["status"], came["message_id"], came["rate"]) == ("17", "hard-bounce", "42", "10")
    sent, signature, answered = result.output.splitlines()
    assert sent.startswith(f"GET {receiver.url}/hook?order=17&message_id=42&mobile=61491570156&datetime=20")
    assert signature == f"x-transmitsms-signature: {came.headers['x-transmitsms-signature']}"
    assert answered.startswith("200 after ")


def test_a_reply_arrives_with_the_given_values(receiver: Receiver) -> None:
    given = {name: f"{name} é&+" for name, _ in REPLY}
    flags = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)]
    assert fire("reply", receiver.url, *flags).exit_code == 0
    (came,) = receiver.replies
    assert came.signed
    assert dict(came.params) == given


def test_the_secret_decides_the_signature(receiver: Receiver) -> None:
    fire("dlr", receiver.url, "--secret", "another")
    fire("dlr", receiver.url, SMS_SANDBOX_SECRET="another")
    fire("dlr", receiver.url, "--secret", SECRET, SMS_SANDBOX_SECRET="another")
    assert [each.signed for each in receiver.dlrs] == [False, False, True]


def test_an_answer_other_than_2xx_is_shown(receiver: Receiver) -> None:
    receiver.fail(503)
    result = fire("dlr", receiver.url)
    assert result.exit_code == 1
    assert "503 after " in result.stdout
    assert result.stderr == "sms-sandbox: The callback failed: answered 503.\n"
    assert len(receiver.dlrs) == 1
    parsed = json.loads(fire("dlr", receiver.url, "--json").stdout)
    assert (parsed["status"], parsed["error"]) == (503, "answered 503")
    assert parsed["url"].startswith(receiver.url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:9/", "nothing listens at 127.0.0.1:9"),
        ("http://192.0.2.1/", "192.0.2.1 is a public address, and 192.0.2.1 is not one of the hosts allowed"),
        ("http://169.254.169.254/", "which callbacks are never sent to"),
    ],
)
def test_an_unreachable_address_is_reported(url: str, why: str) -> None:
    result = fire("dlr", url)
    assert result.exit_code == 1
    assert why in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_invalid_address_is_a_usage_error() -> None:
    result = fire("reply", "localhost:9000")
    assert result.exit_code == 2
    assert "'localhost:9000' is not an http or https URL." in result.stderr


@pytest.mark.parametrize("event", ["dlr", "reply"])
def test_help_lists_each_flag(event: str) -> None:
    output = fire(event, "--help").output
    for name, _ in DLR if event == "dlr" else REPLY:
        assert f"--{name.replace('_', '-')} " in output
    assert "SMS_SANDBOX_CALLBACK_HOST" in output
