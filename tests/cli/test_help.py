"""What the command line says of itself."""

from dataclasses import fields

import click
import pytest

from sms_sandbox.cli import main
from sms_sandbox.settings import Settings, flag, variable
from tests.cli.shell import run


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
