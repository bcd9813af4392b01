"""`sms-sandbox scenarios`: what the simulated carrier can do, and the numbers it does it to."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import click

from ..domain.scenarios import catalogue, describe_steps
from ..settings import Settings

HEAD = ("SCENARIO", "WHAT HAPPENS", "NUMBERS")

FOOT = """
D is the delivery delay, {delay:g} s unless the sandbox was told otherwise. Any other number gets its messages.
Numbers can be written as {number}, +{number}, or with a countrycode as 0{local}.
`sms-sandbox rule add SCENARIO --to NUMBER` lets a scenario happen to any number."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, as the control API tells it.")
def scenarios(as_json: bool) -> None:
    """List what can become of messages, and the numbers it becomes of.

    No sandbox has to run.
    """
    delay = Settings().delivery_delay
    told = catalogue(timedelta(seconds=delay))
    if as_json:
        click.echo(json.dumps({"scenarios": told}, indent=2))
        return
    rows = [HEAD, *(row for each in told for row in rows_of(each))]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, happens, numbers in rows:
        click.echo(f"{name:{widths[0]}}  {happens:{widths[1]}}  {numbers}".rstrip())
    number = told[0]["numbers"][0]
    click.echo(FOOT.format(delay=delay, number=number, local=number[2:]))


def rows_of(described: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A scenario in as many lines as it has steps or numbers."""
    for index, (happens, number) in enumerate(
        zip_longest(describe_steps(described), described["numbers"], fillvalue="")
    ):
        yield "" if index else described["name"], happens, number
