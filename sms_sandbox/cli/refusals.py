"""Sentences about a sandbox that refuses a call, or does not answer."""

import click

from ..client.control import Client
from ..client.errors import SandboxError
from .answers import name_flags, name_value
from .errors import NOBODY_ANSWERS

CREDENTIALS = (
    "--account KEY:SECRET of a tenant, --control-token of the operator, or --ready-file if you have the server's"
)

_ASKS_WHO = "Other machines can reach this sandbox, so it asks who you are"

LISTS = {
    "message": "messages",
    "resend": "callbacks",
    "rule remove": "rule list",
    "fault clear": "fault list",
    "tenant use": "tenant list",
    "tenant delete": "tenant list",
}
"""The command that lists what another one takes the name or the ID of."""


def describe_refusal(why: SandboxError, ctx: click.Context, client: Client) -> str:
    """Return a refusal that names its flag, and what to do."""
    if not why.code and not why.status:
        return f"{why}{NOBODY_ANSWERS}"
    if why.code == "unauthorised":
        return _describe_credentials(why, client)
    sentence = name_value(name_flags(str(why), ctx.command), ctx)
    if why.code == "forbidden" and "operator's token" in sentence:
        return f"{sentence} Give it with --control-token."
    lists = LISTS.get(ctx.command_path.partition(" ")[2])
    return f"{sentence} `sms-sandbox {lists}` lists them." if why.code == "not_found" and lists else sentence


def describe_refused(why: SandboxError, client: Client) -> str:
    """Return why a sandbox refuses the credentials of a command, or their lack."""
    where = client.where
    return str(why) if why.code != "unauthorised" or where.key or where.control_token else f"{_ASKS_WHO}."


def _describe_credentials(why: SandboxError, client: Client) -> str:
    """Return why the credentials of a command are refused, and the flags that give others."""
    where = client.where
    if where.key:
        return f"{why} Correct --account, or the ready file if that has them."
    if where.control_token:
        return f"{why} Correct --control-token, or the ready file if that has it."
    return f"{_ASKS_WHO}: {CREDENTIALS}."
