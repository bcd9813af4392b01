"""Operations as Starlette routes.

An endpoint turns a request into arguments for the function of an operation, and its value into a response.
"""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from ..domain.addresses import Urls
from ..journal.entries import to_pending
from ..services.access import AccessError, Caller, Given, read_given
from ..store import tenants
from ..store.failures import DATABASE_IS_AWAY, is_database_failure
from ..store.unit_of_work import record
from .declare import Call, Context, HtmlPage, LongCall, Operation
from .errors import ControlError
from .openapi import document
from .request_bodies import RequestBodies
from .server_sent_events import stream
from .shapes.primitives import CURRENT, Id
from .traffic_entry import build_control_entry

_MAX_QUERY_PARAMETERS = 100


class _IdConvertor(Convertor[str]):
    """An id in a path. Other paths, for example `/faults/order`, do not match."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("id", _IdConvertor())


class ShapeResponse(JSONResponse):
    """JSON of the control API: msgspec structs, times and decimals included. Nobody may cache it."""

    def __init__(self, content: Any, status_code: int = 200) -> None:
        super().__init__(content, status_code, {"cache-control": "no-store"})

    def render(self, content: Any) -> bytes:
        return msgspec.json.encode(content)


def description_route(operations: Sequence[Operation], version: str) -> Route:
    """Return the route of control's own OpenAPI document."""

    async def openapi(request: Request) -> Response:  # noqa: ARG001
        return ShapeResponse(document(operations, version))

    return Route("/openapi.json", openapi)


def routes(operations: Sequence[Operation], context: Context) -> list[Route]:
    """Return one route for each path.

    The refusal of a verb names all verbs of a path, so they share a route.
    """
    by_path = groupby(sorted(operations, key=lambda each: each.path), key=lambda each: each.path)
    bodies = RequestBodies()
    return [_route(path, list(group), context, bodies) for path, group in by_path]


def _route(path: str, operations: Sequence[Operation], context: Context, bodies: RequestBodies) -> Route:
    by_verb = {operation.verb: operation for operation in operations}
    ids = {name for operation in operations for name, kind in operation.in_path.items() if kind is Id}

    async def endpoint(request: Request) -> Response:
        operation = by_verb["GET" if request.method == "HEAD" else request.method]
        return await _answer(operation, context, request, bodies)

    for name in ids:
        path = path.replace(f"{{{name}}}", f"{{{name}:id}}")
    return Route(path, endpoint, methods=list(by_verb), name=operations[0].name)


async def _answer(operation: Operation, context: Context, request: Request, bodies: RequestBodies) -> Response:
    given = _given(request)
    try:
        return await _answer_caller(operation, context, request, given, bodies)
    except AccessError as refusal:
        if refusal.code == "unauthorised":
            context.access.note_failure(given)
        raise
    except Exception as error:
        if not is_database_failure(error):
            raise
        context.store.log_failure(operation.name, error)
        raise ControlError("unavailable", DATABASE_IS_AWAY) from None


async def _answer_caller(
    operation: Operation, context: Context, request: Request, given: Given, bodies: RequestBodies
) -> Response:
    began = time.perf_counter_ns()
    find = partial(_find_caller, operation=operation, given=given, context=context)
    if context.access.token is not None:
        # First of all, so that strangers can't make the server read what they send.
        context.access.check_given(given)
        await context.store.run(find)
    async with bodies.read(request, operation.max_body) as body:
        arguments = operation.arguments(request.path_params, _query(operation, request), body)
        del body
        await context.journal.flush()  # so that the operation acts on everything that happened before it
        urls = context.urls_for(request.scope)
        running = _Running(operation, context, arguments, request.scope["path"], began)
        if not (operation.waits or operation.streams):
            tenant, value = await context.store.run(lambda db: _run(db, find, urls, running))
            _announce(operation, context, tenant)
            if isinstance(value, HtmlPage):
                return HTMLResponse(value.html, operation.status, {"cache-control": "no-store", **value.headers})
            return ShapeResponse(value, operation.status)
        caller = await context.store.run(find)
        work = operation.run(LongCall(context, caller, urls, request.receive), **arguments)
        if isinstance(work, AsyncGenerator):
            return await stream(work, request.method)
        value = await work
        if operation.is_recorded:
            await context.store.run(lambda db: _record(db, caller, running))
        _announce(operation, context, caller.tenant.id)
        return ShapeResponse(value, operation.status)


def _announce(operation: Operation, context: Context, tenant: int) -> None:
    """Wake the streams of a tenant after a write.

    It may have changed the tenant's clock or rules.
    """
    if operation.verb != "GET":
        context.store.traffic.send([tenant])


class _Running(NamedTuple):
    """An operation that runs: its arguments, its path, and when it began, in nanoseconds."""

    operation: Operation
    context: Context
    arguments: Mapping[str, Any]
    path: str
    began: int


def _run(db: Connection, find: Callable[[Connection], Caller], urls: Urls, running: _Running) -> tuple[int, Any]:
    """Run an operation in a transaction with its traffic entry. Returns the caller's tenant and the value."""
    caller = find(db)
    if running.operation.verb != "GET" and not running.context.store.embedded:
        # No other process must change what the operation is about to read. It may have changed the caller until now.
        tenants.lock(db, caller.tenant.id)
        caller = find(db)
    value = running.operation.run(Call(running.context, caller, urls, db), **running.arguments)
    if running.operation.is_recorded:
        _record(db, caller, running)
    return caller.tenant.id, value


def _record(db: Connection, caller: Caller, running: _Running) -> None:
    """Add a call that changed something to the traffic of its tenant."""
    operation, arguments, tenant = running.operation, running.arguments, caller.tenant
    if "tenant" in operation.in_path and arguments["tenant"] not in (CURRENT, tenant.name):
        # A deleted tenant has no traffic any more, so the entry goes to the caller's.
        tenant = tenants.find_by_name(db, arguments["tenant"]) or tenant
    took = (time.perf_counter_ns() - running.began) // 1000
    record(db, to_pending(build_control_entry(operation, caller, tenant, running.path, arguments, took)))


def _query(operation: Operation, request: Request) -> Mapping[str, str]:
    """Return the parameters of the query; of a repeated name, the last."""
    if len(request.query_params.multi_items()) > _MAX_QUERY_PARAMETERS:
        raise ControlError("invalid", "The query has more than a hundred parameters.")
    query = dict(request.query_params)
    if operation.streams and "last-event-id" in request.headers:  # how a browser resumes a stream
        query["after"] = request.headers["last-event-id"]
    return query


def _given(request: Request) -> Given:
    address = request.client.host if request.client else ""
    return read_given(request.headers, request.cookies, request.scope["scheme"], address)


def _find_caller(db: Connection, operation: Operation, given: Given, context: Context) -> Caller:
    caller = context.access.find_caller(db, given)
    if operation.needs_operator and not caller.is_operator:
        raise ControlError("forbidden", "This reaches beyond your own tenant, so it needs the operator's token.")
    context.note_use(db, caller.tenant.id)
    return caller
