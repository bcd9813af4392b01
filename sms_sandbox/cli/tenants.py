"""`sms-sandbox tenant`: makes tenants, lists them, and chooses the one that commands act on."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..domain.profiles import PROFILES
from .answers import Answer, pad_table
from .connection import with_server
from .errors import CommandError
from .options import Span
from .remembered_tenant import RememberedTenant, file_of, forget, read, remember
from .times import Time, format_time

if TYPE_CHECKING:
    from ..client.control import Client

START = "start"
"""In `made_by`: a tenant that the server creates when it starts."""

HEAD = ("", "NAME", "KEY", "CLOCK", "LAST USED", "MESSAGES", "SIZE", "MADE BY")


@click.group()
def tenant() -> None:
    """Make tenants, and choose the one that commands act on.

    A tenant has its own account, messages, clock, handsets and faults.
    """


@tenant.command()
@click.option("--name", metavar="NAME", help="Its name; generated if left out.")
@click.option("--seed", metavar="TEXT", help="Text that its ids and random choices follow from.")
@click.option("--throttle", type=int, metavar="N", help="Calls per second. 0 is no limit.")
@click.option("--balance", type=float, metavar="MONEY", help="Its balance.")
@click.option("--profile", type=click.Choice(tuple(PROFILES)), help="Behaviour of the real service to imitate.")
@click.option("--delivery", type=Span(), metavar="SPAN", help="Time from a message to its delivery report, such as 5s.")
@click.option("--frozen-at", type=Time(), help="Freeze its clock at this time.")
@click.option("--use", is_flag=True, help="Choose it for later commands.")
@with_server
def new(client: "Client", use: bool, delivery: float | None, frozen_at: datetime | None, **given: Any) -> Answer:
    """Create a tenant, and print the key and secret of its account."""
    from ..control.shapes.tenants import CreatedTenant  # here, because --help does not need it

    body = {name: value for name, value in given.items() if value is not None}
    body |= {"delivery_seconds": delivery} if delivery is not None else {}
    body |= {"frozen_at": frozen_at.isoformat()} if frozen_at is not None else {}
    made = client.read(CreatedTenant, "POST", "/tenants", body)
    lines = [f"Created the tenant {made.name}.", f"key     {made.key}", f"secret  {made.secret}"]
    if use:
        _remember(client, RememberedTenant(made.name, made.key, made.secret))
        lines.append("Later commands act on it; `sms-sandbox tenant use --default` ends that.")
    return Answer(made, "\n".join(lines))


@tenant.command("list")
@with_server
def list_(client: "Client") -> Answer:
    """List all tenants, oldest first. A star marks the one that commands act on."""
    from ..control.shapes.tenants import Tenant, Tenants  # here, because --help needs neither

    remembered = read(_file(client))
    current = remembered.name if remembered else client.read(Tenant, "GET", "/tenants/current").name
    page = client.read(Tenants, "GET", "/tenants", max=1000)
    rows = [
        (
            "*" if each.name == current else "", each.name, each.key,
            f"{format_time(each.clock.now)}{'' if each.clock.running else ' frozen'}", format_time(each.last_used),
            f"{each.messages:,}", _describe_size(each.approximate_bytes),
            "the start" if each.made_by == START else each.made_by,
        )
        for each in page.tenants
    ]  # fmt: skip
    return Answer(page, pad_table(rows, HEAD))


def _describe_size(bytes_: int) -> str:
    """Return an estimated size in words."""
    kilobytes = max(1, round(bytes_ / 1000))
    return f"about {kilobytes} KB" if kilobytes < 1000 else f"about {round(kilobytes / 1000):,} MB"


@tenant.command()
@click.option("--default", "default", is_flag=True, help="Act on the default tenant again.")
@click.argument("name", required=False)
@with_server
def use(client: "Client", name: str | None, default: bool) -> Answer:
    """Choose the tenant NAME for later commands.

    It is remembered in a small file: beside the ready file, or in your folder of settings. `--account` wins over it.
    """
    from ..client.control import Client  # here, because --help needs neither
    from ..control.shapes.info import Connection

    if (name is None) == (not default):
        raise click.UsageError("Say which: a NAME, as `sms-sandbox tenant list` shows them, or --default.")
    if name is None:
        try:
            forget(_file(client))
        except OSError as why:
            raise _not_written(_file(client), why) from why
        return Answer({"tenant": None}, "Later commands act on the default tenant.")
    connection = Client(client.where, client, tenant=name).read(Connection, "GET", "/connection")
    _remember(client, RememberedTenant(name, connection.key if connection.secret else None, connection.secret))
    return Answer({"tenant": name}, f"Later commands act on the tenant {name}.")


@tenant.command()
@click.argument("name")
@with_server
def delete(client: "Client", name: str) -> Answer:
    """Delete the tenant NAME with all its data. The default tenant can only be reset."""
    client.control("DELETE", f"/tenants/{name}")
    remembered = read(_file(client))
    if remembered is not None and remembered.name == name:
        forget(_file(client))
    return Answer({"deleted": name}, f"Deleted the tenant {name}.")


def _file(client: "Client") -> Path:
    """Return the file of the server that a command talks to."""
    return file_of(click.get_current_context().params.get("ready_file"), client.where.http)


def _remember(client: "Client", chosen: RememberedTenant) -> None:
    file = _file(client)
    try:
        remember(file, chosen)
    except OSError as why:
        raise _not_written(file, why) from why


def _not_written(file: Path, why: OSError) -> CommandError:
    return CommandError(f"The choice can't be kept in {file}: {why.strerror or why}.")
