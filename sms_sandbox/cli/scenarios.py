"""`sms-sandbox scenarios`: lists what the simulated carrier can do, and the numbers it does it to."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import zip_longest
from typing import Any

import click

from ..domain.scenarios import catalogue, describe_steps
from ..settings import Settings

HEAD = ("SCENARIO", "WHAT HAPPENS", "NUMBERS")

_FOOT = """
D is the delivery delay, {delay:g} s by default. Messages to any other number are delivered.
Numbers can be written as {number}, +{number}, or with a countrycode as 0{local}.
`sms-sandbox rule add SCENARIO --to NUMBER` gives a scenario to any number."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the control API returns it.")
def scenarios(as_json: bool) -> None:
    """List the scenarios and their numbers.

    A message to one of these numbers has the scenario beside it. This command needs no running sandbox.
    """
    delay = Settings().delivery_delay
    listed = catalogue(timedelta(seconds=delay))
    if as_json:
        click.echo(json.dumps({"scenarios": listed}, indent=2))
        return
    rows = [HEAD, *(row for scenario in listed for row in _rows(scenario))]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for name, happens, numbers in rows:
        click.echo(f"{name:{widths[0]}}  {happens:{widths[1]}}  {numbers}".rstrip())
    number = listed[0]["numbers"][0]
    click.echo(_FOOT.format(delay=delay, number=number, local=number[2:]))


def _rows(scenario: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of a scenario: as many as it has steps or numbers."""
    steps = describe_steps(scenario)
    for index, (happens, number) in enumerate(zip_longest(steps, scenario["numbers"], fillvalue="")):
        yield "" if index else scenario["name"], happens, number
