"""`sms-sandbox report`: writes the story of the tenant as one HTML file."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .answers import Answer
from .connection import with_client
from .errors import CommandError

if TYPE_CHECKING:
    from ..client.control import Client


@click.command()
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="File to write. If left out, the report goes to stdout."
)
@click.option("--open", "opens", is_flag=True, help="Open the file in a browser.")
@with_client
def report(client: "Client", output: str | None, opens: bool) -> Answer:
    """Write the story of the tenant as one HTML file.

    It has the handsets with their conversations, the calls, the callback attempts and the clock. It needs no server, no
    network and no script, so it can be attached to a bug or kept by a CI job. Secrets are left out.
    """
    if opens and output is None:
        raise click.UsageError("--open needs a file; name it with --output.")
    html = client.fetch_report()
    if output is None:
        return Answer({"html": html}, html.removesuffix("\n"))
    try:
        Path(output).write_text(html, encoding="utf-8")
    except OSError as why:
        raise CommandError(f"{output} can't be written: {why.strerror or why}.") from why
    if opens:
        click.launch(str(Path(output).absolute()))
    return Answer({"file": output}, f"Wrote the story of the tenant to {output}.")
