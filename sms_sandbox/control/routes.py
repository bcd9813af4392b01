"""The control API as an ASGI application, under `/_sandbox/v1`."""

import logging
import re
from collections.abc import AsyncGenerator, Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send

from ..domain import credentials
from ..store import accounts as stored_accounts
from ..store import tenants as stored_tenants
from ..store.accounts import Account
from ..store.tenants import Tenant
from ..store.timeline import GoneError
from . import (
    PREFIX,
    accounts,
    carrier_rules,
    documents,
    faults,
    guard,
    lists,
    messages,
    outbox,
    parity,
    tenants,
    traffic,
)
from .declare import Call, Desk, Later, Operation, operation
from .errors import ControlError, LeftError, gone
from .openapi import document
from .server_sent_events import send_events
from .shapes import primitives

log = logging.getLogger(__name__)


@operation("GET", "/info")
def read_info(call: Call) -> primitives.Info:
    """What server this is, and where it is reached."""
    return primitives.Info(**call.desk.facts)


OPERATIONS: tuple[Operation, ...] = (
    read_info,
    *tenants.OPERATIONS,
    *accounts.OPERATIONS,
    *lists.OPERATIONS,
    *messages.OPERATIONS,
    *traffic.OPERATIONS,
    *outbox.OPERATIONS,
    *documents.OPERATIONS,
    *parity.OPERATIONS,
    *faults.OPERATIONS,
    *carrier_rules.OPERATIONS,
)


class Control:
    """Answers the operations. A call acts on the tenant of its Basic credentials, or else on the default one."""

    def __init__(self, desk: Desk, names: Collection[str] = (), token: str | None = None) -> None:
        self._desk = desk
        self._names = names
        self._token = token
        self._patterns = [(re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", each.path)), each) for each in OPERATIONS]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        try:
            status, reply = await self._answer(scope, receive)
            if isinstance(reply, AsyncGenerator):
                await send_events(reply, scope["method"], receive, send)
                return
        except LeftError:
            return
        except (ControlError, GoneError) as why:
            refused = why if isinstance(why, ControlError) else gone()
            status, reply = refused.status, refused.reply
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            failed = ControlError("failed", "The sandbox failed; its log says why.")
            status, reply = failed.status, failed.reply
        body = msgspec.json.encode(reply)
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, Any]:
        headers = dict(scope["headers"])
        path, verb = scope["path"].removeprefix(PREFIX), scope["method"]
        is_document = path == "/openapi.json"
        guard.check(headers, verb, self._names, self._token, needs_token=not is_document)
        if is_document and verb in ("GET", "HEAD"):
            return 200, document(OPERATIONS, self._desk.facts["version"])
        found, in_path = self._find("GET" if verb == "HEAD" else verb, path)
        query = query_of(scope["query_string"])
        if found.streams and b"last-event-id" in headers:  # how a browser says where its stream broke off
            query["after"] = headers[b"last-event-id"].decode("latin-1")
        raw = await _read_body(receive, found.largest)
        arguments = found.arguments(in_path, query, raw)
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        return found.status, await self._run(found, authorization, arguments, receive)

    def _find(self, verb: str, path: str) -> tuple[Operation, Mapping[str, str]]:
        fitting = [(each, match.groupdict()) for pattern, each in self._patterns if (match := pattern.fullmatch(path))]
        if not fitting:
            raise ControlError("not_found", f"There is nothing at {PREFIX}{path}; {PREFIX}/openapi.json lists what is.")
        # A path that is named as a whole, as /faults/order, is none of those with a parameter in that place.
        fitting = [(each, in_path) for each, in_path in fitting if not in_path] or fitting
        for each, in_path in fitting:
            if each.verb == verb:
                return each, in_path
        verbs = ", ".join(sorted(each.verb for each, _ in fitting))
        raise ControlError("not_allowed", f"{PREFIX}{path} takes {verbs}, not {verb}.")

    async def _run(
        self, found: Operation, authorization: str, arguments: Mapping[str, Any], receive: Receive
    ) -> Any:  # fmt: skip
        desk = self._desk
        await desk.journal.flush()  # so that whatever is done acts on all that happened before
        if found.waits or found.streams:
            who = await desk.store.run(lambda db: caller(db, authorization, desk))
            run = found.run(Later(desk, *who, receive), **arguments)
            return run if found.streams else await run
        return await desk.store.run(lambda db: found.run(Call(desk, db, *caller(db, authorization, desk)), **arguments))


_PARAMETER = re.compile(r"\{(\w+)\}")


def caller(db: Connection, authorization: str, desk: Desk) -> tuple[Account, Tenant]:
    """The account and tenant a call acts on; without credentials the default ones."""
    if authorization:
        pair = credentials.basic(authorization)
        if pair is None:
            raise ControlError("unauthorised", "The Authorization header is not of the Basic scheme.")
        account = stored_accounts.called(db, pair[0])
        if account is None and desk.welcome is not None:
            desk.welcome(db, *pair)
            account = stored_accounts.called(db, pair[0])
        if account is None or not credentials.is_secret(pair[1], account.secret):
            raise ControlError("unauthorised", "There is no account with this key and secret.")
    else:
        oldest = stored_tenants.oldest(db)
        account = stored_accounts.first_of(db, oldest) if oldest is not None else None
        if account is None:
            raise ControlError("not_found", "There is no default tenant.")
    tenant = stored_tenants.read(db, account.tenant)
    assert tenant is not None
    return account, tenant


def query_of(raw: bytes) -> dict[str, str]:
    """The parameters of a query; of a repeated name the last."""
    try:
        return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise ControlError("invalid", "The query has more than a hundred parameters.") from None


async def _read_body(receive: Receive, largest: int) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ControlError("bad_body", "The body did not come whole.")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > largest:
            raise ControlError("too_large", f"The body has more than {largest} bytes.")
        more = message.get("more_body", False)
    return b"".join(chunks)
