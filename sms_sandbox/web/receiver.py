"""The built-in receiver: an address for callbacks before there is an app."""

import asyncio
from functools import partial

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ..domain.receiver import is_receiver
from ..store import receivers, tenants
from ..store.database import Store
from ..store.real_time import real_now
from ..store.receivers import Answer, NewRequest

MAX_BODY_BYTES = 16 * 1024
"""Bytes of a body that are kept. The rest is read and dropped."""

_MAX_HEADERS = 30
_MAX_HEADER_CHARS = 500
_MAX_URL_CHARS = 8_000

_NO_STORE = {"cache-control": "no-store"}


async def receive(request: Request, store: Store) -> Response:
    """Keep a request, and answer it as the tenant has set."""
    if not is_receiver(request.scope["path"]):
        return PlainTextResponse("There is no such receiver.", 404, headers=_NO_STORE)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk[: MAX_BODY_BYTES - len(body)]
    headers = [(name, value[:_MAX_HEADER_CHARS]) for name, value in request.headers.items()]
    query = request.scope["query_string"].decode("latin-1")
    url = request.scope["path"] + (f"?{query}" if query else "")
    new = NewRequest(
        name=request.path_params["name"],
        at=real_now(),
        verb=request.method,
        url=url[:_MAX_URL_CHARS],
        headers=dict(headers[:_MAX_HEADERS]),
        body=body.decode("utf-8", "replace"),
    )
    answer = await store.run(partial(_add, tenant=request.path_params["tenant"], new=new))
    if answer is None:
        return PlainTextResponse("There is no such tenant.", 404, headers=_NO_STORE)
    await asyncio.sleep(answer.delay / 1000)
    return PlainTextResponse(answer.body, answer.status, headers=_NO_STORE)


def _add(db: Connection, tenant: str, new: NewRequest) -> Answer | None:
    row = tenants.find_by_name(db, tenant)
    if row is None:
        return None
    dated = NewRequest(new.name, row.clock.now(new.at), new.verb, new.url, new.headers, new.body)
    return receivers.add_request(db, row.id, dated)
