"""The operations of the control API, and the Starlette application that serves them under `/_sandbox/v1`."""

from starlette.applications import Starlette

from . import (
    accounts,
    callbacks,
    calls,
    carrier_rules,
    clock,
    documents,
    error_handlers,
    failed_events,
    faults,
    handsets,
    lists,
    messages,
    numbers,
    outbox,
    parity,
    receivers,
    series,
    session,
    tenants,
    traffic,
)  # fmt: skip
from .declare import Call, Context, Operation, operation
from .endpoints import description_route, routes
from .shapes.info import Connection, Info


@operation("GET", "/info")
def read_info(call: Call) -> Info:
    """Read the version and the addresses of the server."""
    return Info(**call.context.info)


@operation("GET", "/connection")
def read_connection(call: Call) -> Connection:
    """Read what a client needs to call the API as this account: addresses, certificate files, key and secret."""
    secret = call.account.secret if call.context.shows_secrets else None
    return Connection(
        **call.context.info, key=call.account.key, secret=secret, env_command=[*call.context.env_command()]
    )


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
    *callbacks.OPERATIONS,
    *failed_events.OPERATIONS,
    *traffic.OPERATIONS,
    *outbox.OPERATIONS,
    *documents.OPERATIONS,
    *parity.OPERATIONS,
    *receivers.OPERATIONS,
    *series.OPERATIONS,
    *faults.OPERATIONS,
    *carrier_rules.OPERATIONS,
)


def create_control(context: Context) -> Starlette:
    """Return the application, to be mounted at `PREFIX`."""
    app = Starlette(
        routes=[description_route(OPERATIONS, context.info["version"]), *routes(OPERATIONS, context)],
        exception_handlers=error_handlers.HANDLERS,
    )
    app.router.redirect_slashes = False
    return app
