"""`sms-sandbox account`: shows the settings of the account, and changes them."""

from typing import TYPE_CHECKING, Any

import click

from .answers import Answer
from .connection import with_client
from .terminal import escape

if TYPE_CHECKING:
    from ..client.control import Client
    from ..control.shapes.accounts import Account

URLS = (("dlr_url", "delivery reports"), ("reply_url", "replies"), ("link_hits_url", "link hits"))
FLAGS = (
    ("suspended", "Refuse its calls, as those of an expired account."),
    ("reseller", "May have clients."),
    ("credit_based", "May have a negative balance."),
    ("global_optouts", "An opt-out from one list holds for all its lists."),
)


def _add_urls(command: Any) -> Any:
    for name, what in reversed(URLS):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, metavar="URL", help=f"Where callbacks with {what} go. Empty: nowhere.")(command)
    return command


def _add_flags(command: Any) -> Any:
    for name, what in reversed(FLAGS):
        flag = name.replace("_", "-")
        command = click.option(f"--{flag}/--no-{flag}", name, default=None, help=what)(command)
    return command


@click.command()
@click.option("--balance", type=float, metavar="MONEY", help="Set the balance, by one transaction.")
@click.option("--price", type=float, metavar="MONEY", help="Set the price of a part.")
@click.option("--throttle", type=int, metavar="N", help="Set the calls per second. 0 is no limit.")
@click.option("--page-size", type=int, metavar="N", help="Set the usual size of pages.")
@_add_urls
@_add_flags
@with_client
def account(client: "Client", **given: Any) -> Answer:
    """Show the account. Options change it first.

    For example, send delivery reports to an app that runs on port 3000:

    sms-sandbox account --dlr-url http://localhost:3000/reports
    """
    from ..control.shapes.accounts import Account  # here, because --help does not need it

    body = {name: value for name, value in given.items() if value is not None}
    body |= {name: body[name] or None for name, _ in URLS if name in body}
    answer = client.read(Account, "PATCH", "/account", body) if body else client.read(Account, "GET", "/account")
    return Answer(answer, _describe_account(answer))


def _describe_account(account: "Account") -> str:
    """Return lines about an account."""
    rows = [
        ("key", f"{account.key}  (id {account.id}, {account.name})"),
        ("balance", f"{account.balance:.3f} {account.currency}, {account.price:.3f} a part"),
        ("throttle", f"{account.throttle} calls a second" if account.throttle else "none"),
        *((what, escape(getattr(account, name) or "no callbacks")) for name, what in URLS),
    ]
    words = [name.replace("_", "-") for name, _ in FLAGS if getattr(account, name)]
    if account.reseller_id is not None:
        words.append(f"client of account {account.reseller_id}")
    rows += [("is", ", ".join(words))] if words else []
    return "\n".join(f"{name:17} {value}" for name, value in rows)
