"""All commands with input that is wrong: the error names the flag and says what to do."""

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result

from sms_sandbox.cli.documents import KINDS
from sms_sandbox.cli.refusals import LISTS
from sms_sandbox.cli.root import main
from sms_sandbox.client.control import Client
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.services import reset
from sms_sandbox.settings import Settings
from tests.cli.shell import at, run
from tests.ports import free_port
from tests.processes import start_process
from tests.sandbox import Account, run_sandbox

Leaf = tuple[str, click.Command]


def leaves(group: click.Group, *path: str) -> Iterator[Leaf]:
    """Yield each command that is no group, with its name below the program."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, *path, name)
        elif command is not None:
            yield " ".join((*path, name)), command


COMMANDS = dict(leaves(main))

ARGUMENTS = {
    "send": "61491570156 Hi", "inbound": "--from 61491570156 Hi", "message": "1", "resend": "1", "verify": "calls",
    "wait": "calls", "clock advance": "1h", "rule add": "delivered", "rule remove": "1", "fault add": "--delay 1s",
    "tenant use": "shop", "tenant delete": "shop", "import": "{}", "replay": "{}", "env": "--certs {}.none",
    "fire-callback dlr": "http://localhost:{port}/", "fire-callback reply": "http://localhost:{port}/",
}  # fmt: skip
"""Arguments that a command needs. {} is a file with a JSON document, and {port} one where nothing listens."""

WITHOUT_SERVER = ("serve", "completion", "scenarios", "fire-callback dlr", "fire-callback reply")

TEXTS = (
    "TEXT",
    "NAME",
    "URL",
    "KEY",
    "SECRET",
    "SENDER",
    "MSISDN",
    "NUMBER",
    "CODE",
    "PATH",
    "DIR",
    "FILE",
    "NAME=VALUE",
)
"""Metavars of values that may be any text. All others need a type that refuses nonsense."""


def output_of(result: Result) -> str:
    """Return the output of a command, which is never a traceback."""
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert not re.search(r"Traceback|site-packages|msgspec|json\.decoder|Expecting value|\$\.", result.output)
    return result.output


@pytest.mark.parametrize("name", [each for each in COMMANDS if each not in WITHOUT_SERVER])
def test_a_command_says_how_to_start_the_sandbox(name: str, tmp_path: Path) -> None:
    document = tmp_path / "document.json"
    document.write_text("{}")
    port = str(free_port())
    typed = ARGUMENTS.get(name, "").replace("{port}", port).replace("{}", str(document))
    result = run(*name.split(), *shlex.split(typed), "--http-port", port)
    assert result.exit_code == 1
    assert "sms-sandbox serve" in output_of(result) or "Start the sandbox first" in output_of(result)
    assert f":{port}" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_value_that_cannot_be_read_names_its_flag(name: str) -> None:
    command = COMMANDS[name]
    for each in command.params:
        if isinstance(each.type, (click.types.StringParamType, click.Path, click.types.BoolParamType)):
            is_text = not each.metavar or each.metavar.strip("[].") in TEXTS or isinstance(each, click.Argument)
            is_checked_elsewhere = each.name in Settings.__dataclass_fields__ or name.startswith("fire-callback")
            assert is_text or is_checked_elsewhere, f"{each.metavar} of {each.name} takes any text"
            continue
        is_flag = isinstance(each, click.Option)
        spelling = max(each.opts, key=len) if is_flag else (each.metavar or each.name or "").strip("[].").upper()
        others = [] if is_flag else _before(command, each)
        result = run(*name.split(), *others, *([f"{spelling}=x!"] if is_flag else ["x!"]))
        assert result.exit_code == 2, spelling
        assert re.search(rf"Invalid value for (.* / )?'{spelling}'", output_of(result)), result.output
        assert "range" not in result.output


def _before(command: click.Command, argument: click.Parameter) -> list[str]:
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    return ["x"] * arguments.index(argument) if isinstance(argument, click.Argument) else []


@pytest.fixture(scope="module")
def public(certificates: Certificates) -> Iterator[Account]:
    """A server that listens on every address, so that control asks who calls."""
    settings = Settings(host="0.0.0.0", https_port=0, http_port=0, certs=str(certificates.directory))  # noqa: S104
    with run_sandbox(settings) as account:
        yield account


@pytest.mark.parametrize(("typed", "sentence"), [
    ("message 999", "There is no message 999. `sms-sandbox messages` lists them."),
    ("resend 999", "There is no callback 999. `sms-sandbox callbacks` lists them."),
    ("rule remove 999", "There is no rule 999. `sms-sandbox rule list` lists them."),
    ("fault clear 999", "There is no fault 999. `sms-sandbox fault list` lists them."),
    ("tenant use nope", "NAME: There is no tenant 'nope'. `sms-sandbox tenant list` lists them."),
    ("tenant delete nope", "NAME: There is no tenant 'nope'. `sms-sandbox tenant list` lists them."),
    ("tenant new --name default", "--name: There is a tenant 'default' already."),
    ("rule add nope", "SCENARIO: There is no scenario 'nope'; "),
    ("fault add --method nope --delay 1s", "--method: There is no method 'nope'."),
    ("fault add --error NOPE", "--error: There is no error 'NOPE'."),
    ("account --dlr-url nowhere", "--dlr-url: 'nowhere' is not an http or https address."),
    ("inbound --from abc Hi", "--from: Expected a text of 3 to 15 digits"),
    ("messages --account nobody:x", "There is no account with this key and secret. Correct --account"),
])  # fmt: skip
def test_a_refusal_names_the_flag_and_what_to_do(server: Account, typed: str, sentence: str) -> None:
    result = run(*shlex.split(typed), *at(server))
    assert result.exit_code == 1
    assert output_of(result).startswith(f"sms-sandbox: {sentence}")


def test_a_shared_sandbox_says_which_flags_tell_who_calls(public: Account) -> None:
    for typed in ("tenant list", "messages", "env --certs none"):
        output = output_of(run(*typed.split(), *at(public)))
        assert all(each in output for each in ("--account KEY:SECRET", "--control-token", "--ready-file")), output
        assert "X-Sandbox-Token" not in output
    checks = output_of(run("doctor", *at(public)))
    assert "Other machines can reach this sandbox, so it asks who you are." in checks
    assert "-> Give --account KEY:SECRET" in checks
    pair = f"{public.key}:{public.secret}"
    assert "Give it with --control-token." in output_of(run("tenant", "list", "--account", pair, *at(public)))
    assert "Correct --control-token" in output_of(run("tenant", "list", "--control-token", "wrong", *at(public)))


def test_a_file_that_is_no_document_is_explained(server: Account, tmp_path: Path) -> None:
    (file := tmp_path / "hosts").write_text("127.0.0.1 localhost\n")
    for command in ("import", "replay"):
        assert "hosts is not a JSON document. `sms-sandbox export" in output_of(run(command, str(file), *at(server)))
    assert "was not written by a sandbox" in output_of(run("messages", "--ready-file", str(file)))


def test_kinds_and_lists_are_those_that_exist() -> None:
    assert set(KINDS) == set(reset.KINDS)
    assert {*LISTS, *LISTS.values()} <= COMMANDS.keys()


@pytest.mark.parametrize("name", [each for each in COMMANDS if each not in WITHOUT_SERVER])
def test_an_interrupted_command_ends_as_programs_do(
    server: Account, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    for method in ("read", "control", "fetch", "check_ready", "fetch_report", "call", "stream"):
        monkeypatch.setattr(Client, method, interrupt, raising=False)
    document = tmp_path / "document.json"
    document.write_text("{}")
    typed = ARGUMENTS.get(name, "").replace("{}", str(document))
    result = run(*name.split(), *shlex.split(typed), *at(server))
    assert (result.exit_code, output_of(result).strip()) == (0 if name == "tail" else 130, "")


def test_ctrl_c_ends_a_wait_with_the_code_of_shells() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "sms_sandbox", "wait", "calls", "--http-port", str(listener.getsockname()[1])]
        with start_process(command, stderr=subprocess.PIPE) as process:
            connection, _ = listener.accept()
            process.send_signal(signal.SIGINT)
            output = process.communicate(timeout=60)
            connection.close()
    assert (process.returncode, output) == (130, ("", "\n"))
