"""docs/cli.md and the commands in all pages: each exists, with its flags, and each command has its line."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sms_sandbox.cli.root import COMMANDS, main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "contract_tests").glob("*.md")])


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its whole name, those of groups too."""
    context = click.Context(main)
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", each) for below, each in command.commands.items())
        else:
            yield name, command


def table() -> list[str]:
    """Return the rows that the table of all commands must have."""
    return [f"| `{name}` | {command.get_short_help_str(200)} |" for name, command in commands()]


def test_the_page_lists_all_commands() -> None:
    listed = PAGE.read_text().partition("## All commands\n")[2]
    assert listed.strip().splitlines()[2:] == table()


def written(page: Path) -> Iterator[str]:
    """Yield the commands in the blocks and in the text of a page."""
    text = page.read_text()
    blocks = "\n".join(re.findall(r"```(?:sh|bash|yaml)\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    yield from re.findall(r"(?:^|[\s(\"/])sms-sandbox ([a-z][^\n#]*)", blocks)
    yield from re.findall(r"`sms-sandbox ([a-z][^`]*)`", text)


def parse(line: str) -> None:
    """Parse a command without running it. Raises click.UsageError."""
    args = shlex.split(re.split(r"\s[>|&]|\)\"|\d>", line)[0].rstrip(';)"'))
    command: click.Command = main
    while isinstance(command, click.Group):
        if not args:
            return
        name = args.pop(0)
        subcommand = command.get_command(click.Context(command), name)
        if subcommand is None:
            raise click.UsageError(f"There is no {name!r} in {line!r}.")
        command = subcommand
    command.make_context(command.name, args)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_a_page_exist_with_their_flags(page: Path) -> None:
    for line in written(page):
        try:
            parse(line)
        except click.exceptions.Exit:  # --help and --version
            pass
        except click.MissingParameter:  # a page may name a command without its arguments
            assert not line.strip().partition(" ")[2].startswith("-"), line
        except click.UsageError as why:
            pytest.fail(f"`sms-sandbox {line}`: {why.format_message()}")


def test_every_command_with_output_has_json() -> None:
    without = {name for name, command in commands() if not any("--json" in each.opts for each in command.params)}
    assert without == {"serve", "completion"}, "the first prints JSON unless it is at a terminal, the other a script"
