"""`sms-sandbox reset`, `export`, `import` and `replay`: commands on a whole tenant."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..server import atomic_files
from .answers import Answer
from .connection import with_client
from .errors import CommandError
from .options import NamedArgument
from .terminal import count

if TYPE_CHECKING:
    from ..client.control import Client

KINDS = (
    "messages", "contacts", "numbers", "keywords", "rules", "faults", "clock", "mails", "clients", "traffic",
)  # fmt: skip
"""The kinds of data that a reset can delete."""

MAX_DOCUMENT_BYTES = 64 << 20
"""Largest document that a sandbox takes."""


@click.command()
@click.argument("kinds", nargs=-1, type=click.Choice(KINDS), metavar="[KIND]...", cls=NamedArgument)
@with_client
def reset(client: "Client", kinds: tuple[str, ...]) -> Answer:
    """Reset the tenant, or delete only some KINDs of its data.

    A KIND is messages, contacts, numbers, keywords, rules, faults, clock, mails, clients or traffic.
    """
    tenant = client.control("POST", "/tenants/current/reset", {"kinds": kinds} if kinds else {})
    what = f"Emptied {', '.join(kinds)} of" if kinds else "Reset"
    return Answer(tenant, f"{what} the tenant {tenant['name']}.")


@click.command()
@click.option(
    "--with-secrets",
    is_flag=True,
    help="Keep secrets of accounts and in URLs. Import and replay need a file with them.",
)
@click.argument("file", type=click.Path(), required=False)
@with_client
def export(client: "Client", file: str | None, with_secrets: bool) -> Answer:
    """Write the tenant as one JSON document.

    It goes to FILE, which only you can read, or to stdout. To import or replay it, export it --with-secrets.
    """
    return _write(file, client.control("GET", "/export", with_secrets=with_secrets or None))


@click.command("import")
@click.option("--name", metavar="NAME", help="Name of the new tenant. If left out, the one in the document.")
@click.option("--key", metavar="KEY", help="API key of its first account. If left out, the one in the document.")
@click.option("--secret", metavar="SECRET", help="API secret of that account. If left out, the one in the document.")
@click.argument("file", type=click.Path())
@with_client
def import_(client: "Client", file: str, name: str | None, key: str | None, secret: str | None) -> Answer:
    """Create a tenant from a document.

    FILE is an export --with-secrets. If the exported tenant still exists, give the new one another --name and --key.
    """
    changes = {"name": name, "key": key, "secret": secret}
    body = {"document": _read(file), **{field: value for field, value in changes.items() if value is not None}}
    tenant = client.control("POST", "/import", body)
    return Answer(tenant, f"Created the tenant {tenant['name']}, with the key {tenant['key']}.")


@click.command()
@click.argument("file", type=click.Path())
@click.argument("to", type=click.Path(), required=False)
@with_client
def replay(client: "Client", file: str, to: str | None) -> Answer:
    """Make the calls of a document again.

    FILE is an export --with-secrets. The calls are made in a new tenant of the same seed. Its document is written to
    the file TO, or to stdout; the tenant is not kept. The same FILE always gives the same document.
    """
    return _write(to, client.control("POST", "/replay", {"document": _read(file)}))


def _read(file: str) -> Any:
    """Return the document in a file. Raises CommandError."""
    try:
        with Path(file).open("rb") as opened:
            raw = opened.read(MAX_DOCUMENT_BYTES + 1)
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise CommandError(f"{file} has more than {MAX_DOCUMENT_BYTES} bytes.")
        return json.loads(raw)
    except OSError as why:
        raise CommandError(f"{file} can't be read: {why.strerror or why}.") from why
    except (ValueError, RecursionError) as why:
        raise CommandError(
            f"{file} is not a JSON document. `sms-sandbox export --with-secrets FILE` writes one."
        ) from why


def _write(file: str | None, document: Any) -> Answer:
    """Write a document to a file that only its owner can read, or answer it. Equal documents give equal bytes."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if file is None:
        return Answer(document, text)
    try:
        atomic_files.replace_file(Path(file).absolute(), f"{text}\n".encode(), mode=0o600)
    except OSError as why:
        raise CommandError(f"{file} can't be written: {why.strerror or why}.") from why
    rows = count(sum(map(len, document["tables"].values())), "row")
    return Answer({"file": file}, f"Wrote the tenant {document['tenant']['name']} to {file}: {rows}.")
