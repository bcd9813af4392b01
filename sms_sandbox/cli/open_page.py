"""`sms-sandbox open`: opens the page in a browser."""

from typing import TYPE_CHECKING

import click

from .answers import Answer
from .connection import with_client

if TYPE_CHECKING:
    from ..client.control import Client


@click.command("open")
@click.option("--print", "only_print", is_flag=True, help="Print the address only.")
@with_client
def open_page(client: "Client", only_print: bool) -> Answer:
    """Open the sandbox's page in a browser.

    It prints the address, too, for a machine without a browser.
    """
    client.check_ready(5)
    url = f"{client.where.http}/_sandbox/".replace("//127.0.0.1:", "//localhost:")
    opened = not only_print and click.launch(url) == 0
    return Answer({"url": url, "opened": opened}, url)
