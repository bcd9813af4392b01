"""The help of all commands."""

import subprocess
import sys
from dataclasses import fields

import click
import pytest

from sms_sandbox import __version__
from sms_sandbox.cli.root import COMMANDS, main
from sms_sandbox.settings import Settings, flag, variable
from tests.cli.shell import run


def options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def flat(text: str) -> str:
    return " ".join(text.split())


CONTEXT = click.Context(main)
NAMES = main.list_commands(CONTEXT)


def command_of(name: str) -> click.Command:
    subcommand = main.get_command(CONTEXT, name)
    assert subcommand is not None
    return subcommand


def test_help_lists_the_commands_with_a_sentence_each() -> None:
    text = run("--help").output
    assert set(COMMANDS) == set(NAMES)
    for name in NAMES:
        command = command_of(name)
        assert f"  {name} " in text
        assert command.help
        assert command.help.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_help_of_a_command_lists_each_flag_with_its_variable_and_a_sentence(name: str) -> None:
    text = flat(run(name, "--help").output)
    assert "RANGE" not in text, "a name says what is meant, such as N or SPAN"
    for each in options(command_of(name)):
        assert each.opts[0] in text
        assert each.help
        assert each.help.endswith((".", ":")), each.help
        assert flat(each.help) in text or each.help.split()[0] in text
        if isinstance(each.envvar, str):
            assert each.envvar in text


def test_help_loads_no_client_and_no_server() -> None:
    script = (
        "import sys; from sms_sandbox.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    modules = set(subprocess.check_output([sys.executable, "-c", script], text=True).split())
    slow = {"aiohttp", "asyncio", "http.client", "msgspec", "sqlalchemy", "ssl", "uvicorn"}
    assert "sms_sandbox.cli.fault" in modules
    assert slow & modules == set()


def test_serve_takes_every_setting() -> None:
    flags = {each.opts[0]: each for each in options(command_of("serve"))}
    assert not flags.pop("--stop-with-stdin").envvar  # a server that a person starts must not inherit it
    assert not flags.pop("--quiet").envvar
    assert set(flags) == {flag(each.name) for each in fields(Settings)}
    assert {each.envvar for each in flags.values()} == {variable(each.name) for each in fields(Settings)}


def test_the_version_is_shown() -> None:
    assert run("--version").output == f"sms-sandbox, version {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    result = run("await")
    assert "No such command 'await'" in result.output
    assert result.exit_code == 2
    assert "Did you mean wait?" in result.output
    assert "Did you mean messages or message?" in run("mesages").output
    assert "Did you mean" not in run("xyz").output
