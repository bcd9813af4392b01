"""The imitated API as an ASGI application: finds the method of a request, calls it, sends the response."""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import TypeAlias

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from ..domain.histogram import Histogram
from ..domain.profiles import PROFILES
from ..store.database import Store
from ..store.failures import DATABASE_IS_AWAY, is_database_failure
from ..store.unit_of_work import record
from .answer import Answer, answer_call, build_error, prepare_and_answer
from .answer_responses import build_response, respond
from .answered_call import ApiContext, ReceivedCall
from .asgi_extensions import CALL_FACTS
from .declare import Method
from .errors import Code
from .fault_injection import FaultEffects
from .forms import UnreadableError, is_multipart, read_form
from .gate import Gate
from .http_responses import CompleteResponse, send_page, send_response
from .pending_entries import pending_entry
from .render import FORMATS

log = logging.getLogger(__name__)

NoteUse: TypeAlias = Callable[[Connection, int], None]
"""Notes, in the transaction of a call, that a tenant is used."""

CHAPTERS = {
    "sms": ("send-sms", "cancel-sms", "format-number"),
    "reports": (
        "get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status", "get-message-log", "get-link-hits",
    ),
    "activity": ("get-user-sms-sent", "get-sms-sent-count", "get-contact-sms-stats", "get-message-report"),
    "responses": ("get-sms-responses", "get-user-sms-responses", "message-reply"),
    "lists": ("add-list", "add-field-to-list", "remove-list", "get-list", "get-lists", "set-list-callback"),
    "contacts": ("add-to-list", "edit-list-member", "delete-from-list", "optout-list-member", "get-contact"),
    "bulk": ("add-contacts-bulk", "add-contacts-bulk-progress"),
    "numbers": ("lease-number", "get-numbers", "get-number", "edit-number-options", "get-sender-ids"),
    "keywords": ("add-keyword", "edit-keyword", "get-keywords"),
    "email_sms": ("add-email", "delete-email"),
    "account": ("get-balance",),
    "resellers": (
        "add-client", "edit-client", "get-client", "get-clients", "get-transactions", "get-transaction", "add-credit",
        "add-card",
    ),
}  # fmt: skip
"""The methods that each module of `methods` declares. With this table, a method is found by loading one module only."""

MAX_BODY_BYTES = 2 << 20
"""Largest body of a request. A send-sms to 500 numbers has less than a hundredth of it."""

# Real clients put a 2 for the version, and superfluous slashes, before the method, and slashes after the extension.
_PATH = re.compile(r"/+(?:2/+)?([^/]+)\.(json|xml)/*")

_ENDINGS = (".json", ".xml")


class Methods(Mapping[str, Method]):
    """All methods by name. A chapter's module is loaded when one of its methods is first used."""

    def __init__(self) -> None:
        self._chapters = {name: chapter for chapter, names in CHAPTERS.items() for name in names}
        self._loaded: dict[str, Method] = {}

    def __getitem__(self, name: str) -> Method:
        if name not in self._loaded:
            chapter = import_module(f".methods.{self._chapters[name]}", __package__)
            self._loaded.update((method.name, method) for method in chapter.METHODS)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._chapters)

    def __len__(self) -> int:
        return len(self._chapters)


def load_methods() -> dict[str, Method]:
    """Load all methods, and return them by name."""
    return dict(Methods())


class Api:
    """Answers calls to `/{method}.{json|xml}`.

    With `https_url`, a call over plain HTTP is refused; the error names the URL that this function returns.
    """

    def __init__(
        self, store: Store, https_url: Callable[[Scope], str] | None, offered: Mapping[str, Method] | None = None,
        gate: Gate | None = None, callback_hosts: Collection[str] = (), note_use: NoteUse | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._gate = gate or Gate()
        self._note_use = note_use or (lambda *_: None)
        self._effects = FaultEffects()
        self.methods = Methods() if offered is None else offered
        self._https_url = https_url
        self._context = ApiContext(self.methods, callback_hosts)
        self.call_times: dict[tuple[str, str], Histogram] = {}
        """Times of calls in microseconds, by method and code. The method is empty if it does not exist."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        verb = scope["method"]
        path = _PATH.fullmatch(scope["path"])
        if verb == "PUT" and b"content-length" not in headers and b"transfer-encoding" not in headers:
            await send_page(send, 411, "411 Length Required", close=True)
        elif path is None or verb == "OPTIONS":
            await send_page(send, 404, "404 Page Not Found")
        elif (body := await _read_body(receive)) is None:
            await send_page(send, 413, "413 Request Entity Too Large", close=True)
        else:
            answer, response = await self._call(scope, headers, body, path)
            await self._wait_for_reports(answer)
            if (facts := scope.get("extensions", {}).get(CALL_FACTS)) is not None:
                tenant = answer.account.tenant if answer.account else None
                facts.update(method=path[1], code=answer.code.name, tenant=tenant, rule=answer.rule)
            if answer.injected:
                await self._effects.respond(answer.injected, scope, receive, send, partial(send_response, **response))
                return
            await send_response(send, **response)

    async def carry_out(self, scope: Scope, body: bytes) -> None:
        """Carry out a call without sending a response. It skips delays of faults, and the wait for early reports."""
        path = _PATH.fullmatch(scope["path"])
        if path is not None:
            await self._call(scope, dict(scope["headers"]), body, path)

    def stop(self) -> None:
        """Cancel the calls that faults keep waiting."""
        self._effects.stop()

    async def _call(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, path: re.Match[str]
    ) -> tuple[Answer, CompleteResponse]:
        """Carry out a call, build its response, and record it in the traffic."""
        at, began = time.time_ns() // 1000, time.perf_counter_ns()
        name, ending = path.groups()
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        keeps_alive = scope["http_version"] == "1.1" and b"close" not in headers.get(b"connection", b"").lower()
        call = ReceivedCall(
            at, began, scope["method"], path[0], content_type, authorization, name, ending == "json", *FORMATS[ending],
            headers.get(b"accept-encoding", b""), keeps_alive,
        )  # fmt: skip
        try:
            if is_multipart(content_type) and not await self._store.run(
                lambda db: self._gate.is_known(db, authorization)
            ):
                body = b""  # a stranger cannot make the server read many parts
            with suppress(UnreadableError):
                call.form = read_form(scope["query_string"], content_type, body)
            call.method = self.methods.get(name)
            answer = await self._answer(scope, call)
        except Exception as error:
            if is_database_failure(error):
                self._store.log_failure(name, error)
                answer = self._finish_later(call, _UNAVAILABLE)
            else:
                log.exception("%s failed", name)
                answer = await self._fail(call)
        counted = (call.method.name if call.method else "", answer.code.name)
        times = self.call_times.get(counted) or self.call_times.setdefault(counted, Histogram())
        times.add((time.perf_counter_ns() - began) // 1000)
        assert call.response is not None
        return answer, call.response

    def _finish(self, db: Connection, call: ReceivedCall, answer: Answer) -> Answer:
        """Build the response, and record the call in the transaction that carried it out.

        So a call whose response can't be built is undone.
        """
        answer = respond(call, answer)
        if answer.account is not None:
            self._note_use(db, answer.account.tenant)
        record(db, pending_entry(call, answer, self._context))
        return answer

    def _finish_later(self, call: ReceivedCall, answer: Answer) -> Answer:
        """Build the response, and record the call when the database works again."""
        answer = respond(call, answer)
        self._store.journal.add_later([pending_entry(call, answer, self._context)])
        return answer

    async def _answer(self, scope: Scope, call: ReceivedCall) -> Answer:
        method, form = call.method, call.form
        if method is None or call.verb not in ("GET", "POST", "HEAD", "PUT"):
            return await self._refuse(call, Code.NOT_IMPLEMENTED, Code.NOT_IMPLEMENTED.text)
        if self._https_url is not None and scope["scheme"] != "https":
            why = f"The API is served over HTTPS only: {self._https_url(scope)}{scope['path']}"
            return await self._refuse(call, Code.NO_ACCESS, why)
        finish = partial(self._finish, call=call)
        prepare = method.find_preparation(form)
        if prepare is None or form is None:
            answer = await self._store.run(
                lambda db: self._finish(
                    db, call, answer_call(db, self._gate, method, form, call.authorization, call.render)
                ),
                self._gate.tenants_of(call.authorization),
            )
        else:
            answer = await prepare_and_answer(
                self._store, self._gate, method, form, call.authorization, prepare, finish, call.render
            )
        return answer

    async def _wait_for_reports(self, answer: Answer) -> None:
        if answer.early_recipients and answer.account:
            from .early_reports import wait_for_reports  # late, because few calls need it

            try:
                await wait_for_reports(self._store, answer.account.tenant, answer.early_recipients)
            except Exception as error:  # noqa: BLE001 (the call is carried out, so its client must be told that)
                self._store.log_error("The wait for early reports", error)

    async def _fail(self, call: ReceivedCall) -> Answer:
        try:
            return await self._refuse(call, Code.FAILED, Code.FAILED.text)
        except Exception as error:  # noqa: BLE001 (the client is told that its call failed)
            self._store.log_error("The record of a failed call", error)
            failure = Answer(Code.FAILED, build_error(Code.FAILED, Code.FAILED.text), PROFILES["seed"])
            return self._finish_later(call, failure)

    async def _refuse(self, call: ReceivedCall, code: Code, description: str) -> Answer:
        def refuse(db: Connection) -> Answer:
            account = self._gate.find_caller(db, call.authorization)
            return self._finish(
                db, call, Answer(code, build_error(code, description), PROFILES["seed"], account=account)
            )

        return await self._store.run(refuse, self._gate.tenants_of(call.authorization))


_UNAVAILABLE = Answer(Code.FAILED, build_error(Code.FAILED, DATABASE_IS_AWAY), PROFILES["seed"], is_unavailable=True)


class ApiRoute(BaseRoute):
    """The imitated API as one route.

    Routes are matched in turn, so a route for each method would be slow.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # Every call comes here, so only both ends of the path are checked. The API itself reads the rest.
        path = scope["path"]
        is_call = scope["type"] == "http" and path.rstrip("/").endswith(_ENDINGS) and not path.startswith("/_sandbox/")
        return (Match.FULL if is_call else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._api(scope, receive, send)


async def _read_body(receive: Receive) -> bytes | None:
    """Return the whole body; None if it is too large, or if the client disconnected before its end."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if message["type"] == "http.disconnect" or size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


async def failure(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a failure outside of a call, in the format that its path asks for."""
    path = _PATH.fullmatch(request.scope["path"])
    content_type, render = FORMATS[path[2] if path else "json"]
    answer = Answer(Code.FAILED, build_error(Code.FAILED, Code.FAILED.text), PROFILES["seed"])
    response = build_response(answer, content_type, render(answer.reply), b"", False)
    headers = {name.decode(): value.decode() for name, value in response["headers"]}
    return Response(response["body"], response["status"], headers)
