"""`sms-sandbox reset`, `export`, `import` and `replay`: a world emptied, taken out, made of a file, made again."""

import json
from pathlib import Path
from typing import Any

import click

from ..client.command_client import Failure, control
from ..server import atomic_files
from .options import CLIENT, HELPERS_WORDS, settings_of

LARGEST = 64 << 20
"""Bytes of a document that a sandbox takes."""


@click.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.argument("kinds", nargs=-1, metavar="[KIND]…")
def reset(kinds: tuple[str, ...], **where: Any) -> None:
    """Empty the world: all of it, or what each KIND names.

    A KIND is messages, contacts, numbers, keywords, rules, faults, clock, mails, clients or traffic.
    """
    body = {"kinds": kinds} if kinds else {}
    click.echo(json.dumps(control("POST", "/tenants/current/reset", body, **where), indent=2))


@click.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.argument("file", required=False)
def export(file: str | None, **where: Any) -> None:
    """Write the world as one JSON document to FILE, or to stdout.

    It holds the secrets of the world's accounts, so FILE is for your eyes only.
    """
    write(file, control("GET", "/export", None, **where))


@click.command("import")
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.option("--name", metavar="NAME", help="The new world's name; if not given, that in the document.")
@click.option("--key", metavar="KEY", help="The key of its first account; if not given, that in the document.")
@click.option("--secret", metavar="SECRET", help="The secret of its first account; if not given, that in the document.")
@click.argument("file")
def import_(file: str, name: str | None, key: str | None, secret: str | None, **where: Any) -> None:
    """Make a world of a document that `export` wrote.

    Where the one it was exported from is still there, the new one needs a name and a key of its own.
    """
    more = {"name": name, "key": key, "secret": secret}
    body = {"document": read(file), **{each: value for each, value in more.items() if value is not None}}
    click.echo(json.dumps(control("POST", "/import", body, **where), indent=2))


@click.command()
@settings_of(*CLIENT, words=HELPERS_WORDS)
@click.argument("file")
@click.argument("to", required=False)
def replay(file: str, to: str | None, **where: Any) -> None:
    """Make the calls of a document that `export` wrote again, in a fresh world of the same seed.

    The document of that world is written TO a file, or to stdout; the same document gives the same one each time. It is
    not kept in the sandbox.
    """
    write(to, control("POST", "/replay", {"document": read(file)}, **where))


def read(file: str) -> Any:
    """The document in a file; Failure where there is none."""
    try:
        with Path(file).open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise Failure(f"{file} has more than {LARGEST} bytes.")
        return json.loads(raw)
    except (OSError, ValueError, RecursionError) as why:
        raise Failure(f"{file} can't be read: {getattr(why, 'strerror', None) or why}.") from why


def write(file: str | None, document: Any) -> None:
    """Put a document into a file that only its owner reads, or on stdout; the same one in the same bytes."""
    text = json.dumps(document, indent=1, ensure_ascii=False)
    if file is None:
        click.echo(text)
        return
    try:
        atomic_files.write(Path(file).absolute(), f"{text}\n".encode(), mode=0o600)
    except OSError as why:
        raise Failure(f"{file} can't be written: {why.strerror or why}.") from why
