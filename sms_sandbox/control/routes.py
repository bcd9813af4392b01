"""The operations of the control API, and the Starlette application that serves them under `/_sandbox/v1`."""

from typing import Any

from starlette.applications import Starlette

from ..domain.addresses import is_own_address
from . import (
    accounts,
    all_events,
    callbacks,
    calls,
    carrier_rules,
    clock,
    documents,
    error_handlers,
    event_streams,
    failed_events,
    faults,
    handsets,
    lists,
    messages,
    numbers,
    outbox,
    parity,
    reasons,
    receivers,
    series,
    session,
    tenants,
    traffic,
)  # fmt: skip
from .declare import Call, Context, Operation, operation
from .endpoints import description_route, routes
from .openapi import document
from .report.operations import read_report
from .shapes.info import Connection, Info


@operation("GET", "/info")
def read_info(call: Call) -> Info:
    """Read the version and the addresses of the server."""
    return Info(**_info(call))


@operation("GET", "/connection")
def read_connection(call: Call) -> Connection:
    """Read what a client needs to call the API as this account: addresses, certificate files, key and secret."""
    secret = call.account.secret if call.context.shows_secrets else None
    command = [*call.context.env_command()]
    is_remote = not is_own_address(call.caller.address)
    return Connection(**_info(call), key=call.account.key, secret=secret, env_command=command, is_remote=is_remote)


def _info(call: Call) -> dict[str, Any]:
    return {**call.context.info, "https": call.urls.https, "http": call.urls.http}


OPERATIONS: tuple[Operation, ...] = (
    read_info,
    read_connection,
    *session.OPERATIONS,
    *tenants.OPERATIONS,
    *clock.OPERATIONS,
    *accounts.OPERATIONS,
    *numbers.OPERATIONS,
    *lists.OPERATIONS,
    *calls.OPERATIONS,
    *handsets.OPERATIONS,
    *messages.OPERATIONS,
    *reasons.OPERATIONS,
    *callbacks.OPERATIONS,
    *failed_events.OPERATIONS,
    *traffic.OPERATIONS,
    *event_streams.OPERATIONS,
    *all_events.OPERATIONS,
    *outbox.OPERATIONS,
    *documents.OPERATIONS,
    *parity.OPERATIONS,
    *receivers.OPERATIONS,
    *series.OPERATIONS,
    *faults.OPERATIONS,
    *carrier_rules.OPERATIONS,
    read_report,
)


def describe(version: str) -> dict[str, Any]:
    """Return the OpenAPI document of control."""
    return document(OPERATIONS, version)


def create_control(context: Context) -> Starlette:
    """Return the application, to be mounted at `PREFIX`."""
    app = Starlette(
        routes=[description_route(OPERATIONS, context.info["version"]), *routes(OPERATIONS, context)],
        exception_handlers=error_handlers.HANDLERS,
    )
    app.router.redirect_slashes = False
    return app
