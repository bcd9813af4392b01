"""`sms-sandbox serve`: runs the sandbox."""

import gc
import logging
import os
import sys
from dataclasses import fields
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from ..client.errors import SandboxError
from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, SettingsError, is_loopback
from .errors import CommandError, InputError
from .exposure import describe_exposure, invite
from .options import read_settings, settings_of
from .parent_watch import call_at_end_of_stdin

if TYPE_CHECKING:
    from ..server.workers import WorkerServer
    from .traffic_watch import TrafficWatch

log = logging.getLogger(__name__)

_RUNNING_TIMEOUT_SECONDS = 1.0

_DEMO_HISTORY = 10
"""Entries of the demo's story that are shown at its end."""


@click.command()
@settings_of(*(each.name for each in fields(Settings)))
@click.option(
    "--stop-with-stdin", is_flag=True,
    help="Stop when standard input ends. If that is a pipe, it ends with the program that started the sandbox.",
)  # fmt: skip
@click.option("--quiet", is_flag=True, help="Do not show the traffic at a terminal.")
def serve(stop_with_stdin: bool, quiet: bool, **given: Any) -> None:
    """Run the sandbox until it is stopped.

    At a terminal it shows the traffic of all tenants as it happens. Elsewhere it prints one line of JSON with its
    addresses. Ctrl-C, SIGINT or SIGTERM stop it.
    """
    from .log_format import set_up_logging  # here, because --help does not need it

    settings = read_settings(given)
    set_up_logging(settings.log_format)
    # Nothing that a start allocates is garbage, and searching for some takes a tenth of its time.
    gc.disable()
    # Here, because --help and the other commands do not need a server.
    from ..server.certificates import CertificateError
    from ..server.listening_sockets import ServerError
    from ..server.server import Server
    from ..store.schema import StoreError
    from ..tenants.seed_file import SeedError

    try:
        server = Server(settings, owns_process=True) if settings.workers == 1 else _create_parent(settings)
    except SeedError as why:
        raise InputError(str(why)) from why
    except SettingsError as why:
        raise click.UsageError(str(why)) from why
    except ValueError as why:
        raise click.UsageError(f"--cert-host: {why}") from why
    except ServerError as why:
        raise CommandError(f"{why}{_name_running(settings)}") from why
    except StoreError as why:
        raise CommandError(f"--database: {why}") from why
    except CertificateError as why:
        raise CommandError(f"--certs: {why}") from why

    if stop_with_stdin:
        call_at_end_of_stdin(server.stop)

    watches = sys.stdout.isatty() and not quiet and settings.log_format != "json"
    failures: list[Exception] = []

    def begin() -> None:
        """Create the demo's data if it is wanted, and say that the server is ready."""
        info = server.info(os.getpid())
        if settings.demo:
            _tell_demo(info)
        watch = _create_watch(info, _DEMO_HISTORY if settings.demo else 0) if watches else None
        write_ready(info, settings.ready_file)
        if watch is None:
            click.echo(f"sms-sandbox ready: {info.to_json()}")
        at_terminal = sys.stderr.isatty() and settings.log_format != "json"
        for sentence in describe_exposure(settings, Path(info.ca).parent):
            click.echo(sentence, err=True) if at_terminal else log.warning(sentence)
        if not is_loopback(settings.host) and settings.log_format != "json":  # a log must not hold the token
            click.echo(invite(settings, info), err=True)
        if at_terminal:
            _greet(info)
        if watch is not None:
            click.echo("The traffic of all tenants follows; --quiet hides it.", err=True)
            watch.start()

    def begin_on_thread() -> None:
        try:
            begin()
        except SandboxError as why:
            if why.status:
                failures.append(why)
            server.stop()  # without a status nobody answered, because the server is being stopped already
        except Exception as why:  # noqa: BLE001 (raised again on the main thread)
            failures.append(why)
            server.stop()

    def on_ready() -> None:
        gc.freeze()
        gc.enable()
        if settings.demo or watches:  # the server must answer calls meanwhile
            Thread(target=begin_on_thread, name="begin", daemon=True).start()
        else:
            begin()

    try:
        server.run(on_ready)
    except SeedError as why:
        raise InputError(str(why)) from why
    except ServerError as why:
        raise CommandError(str(why)) from why
    for failure in failures:
        raise failure


def _name_running(settings: Settings) -> str:
    """Return a sentence about a sandbox that is running at the control port; empty if none is."""
    from ..client.control import Client  # here, because only a failure needs it
    from ..client.discovery import control_address, find_server

    if settings.http_port == 0:
        return ""
    http = control_address(settings.host, settings.http_port)
    try:
        Client(find_server(ready_file=None, http=http)).check_ready(_RUNNING_TIMEOUT_SECONDS)
    except SandboxError:  # another program has the port
        return ""
    return f" A sandbox is running there already: {http}/ is its page."


def _create_parent(settings: Settings) -> "WorkerServer":
    from ..server.workers import WorkerServer
    from .log_format import set_up_logging

    return WorkerServer(settings, partial(set_up_logging, settings.log_format))


def _create_watch(info: ServerInfo, history: int) -> "TrafficWatch":
    from .traffic_watch import TrafficWatch  # here, because most starts have no terminal

    return TrafficWatch(info, history)


def write_ready(info: ServerInfo, ready_file: str | None) -> None:
    """Write the ready file, if there is to be one. Raises CommandError."""
    if ready_file is not None:
        from ..server.ready_file import write_ready_file

        try:
            write_ready_file(ready_file, info)
        except OSError as why:
            raise CommandError(f"The ready file {ready_file} can't be written: {why.strerror or why}.") from why


def _tell_demo(info: ServerInfo) -> None:
    """Fill the default tenant with the demo's story, if it is empty."""
    from ..client.demo import tell_story  # here, because most starts have no demo

    if not tell_story(info):
        log.info("The default tenant has messages already, so --demo adds none.")


def _greet(info: ServerInfo) -> None:
    """Print the addresses for a person at a terminal. They go to stderr, because stdout is for programs."""
    click.echo(f"API: {info.https} with key {info.key} and secret {info.secret}", err=True)
    click.echo(f"Page: {info.http}/", err=True)
    click.echo("Stop with Ctrl-C.", err=True)
