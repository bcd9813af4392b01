"""The imitated API as an ASGI application: finds the method of a request, calls it, sends the response."""

import logging
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from importlib import import_module
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from ..domain.histogram import Histogram
from ..domain.profiles import PROFILES
from ..store.connection import PendingEntry
from ..store.database import Store
from ..store.failures import is_database_failure
from .answer import Answer, answer_call, build_error, prepare_and_answer
from .answer_responses import build_response
from .answered_call import AnsweredCall, ApiContext
from .asgi_extensions import CALL_FACTS, COMPLETE_RESPONSE
from .declare import Method
from .early_reports import wait_for_reports
from .errors import Code
from .fault_injection import FaultEffects
from .forms import Form, UnreadableError, is_multipart, read_form
from .gate import Gate
from .http_responses import send_page, send_response
from .render import FORMATS, Render

log = logging.getLogger(__name__)

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

    With `https_url`, a call over plain HTTP is refused with an error that names the URL which that returns.
    """

    def __init__(
        self, store: Store, https_url: Callable[[Scope], str] | None, offered: Mapping[str, Method] | None = None,
        gate: Gate | None = None, callback_hosts: Collection[str] = (), note_use: Callable[[int], None] | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._gate = gate or Gate()
        self._note_use = note_use or (lambda _: None)
        self._effects = FaultEffects()
        self.methods = Methods() if offered is None else offered
        self._https_url = https_url
        self._context = ApiContext(self.methods, callback_hosts)
        self.call_times: dict[tuple[str, str], Histogram] = {}
        """How long calls took, in microseconds, by method and code. Methods that do not exist are empty."""

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
            answer, rendered = await self._call(scope, headers, body, path)
            extensions = scope.get("extensions", {})
            if (facts := extensions.get(CALL_FACTS)) is not None:
                tenant = answer.account.tenant if answer.account else None
                facts.update(method=path[1], code=answer.code.name, tenant=tenant, rule=answer.rule)
            content_type, _ = FORMATS[path[2]]
            # A broken body must be readable, so it is not compressed.
            encodings = b"" if answer.injected else headers.get(b"accept-encoding", b"")
            keeps_alive = scope["http_version"] == "1.1" and b"close" not in headers.get(b"connection", b"").lower()
            response = (
                build_response(answer, content_type, rendered, encodings, keeps_alive)
                if answer.gateway is None
                else answer.gateway.response()
            )
            if answer.injected:
                await self._effects.respond(answer.injected, scope, receive, send, partial(send_response, **response))
                return
            server: Mapping[str, Any] | None = extensions.get(COMPLETE_RESPONSE)
            if server is None or not server["write"](**response):
                await send_response(send, **response)

    async def carry_out(self, scope: Scope, body: bytes) -> None:
        """Carry out a call without sending a response. Faults have no effect on the client then."""
        path = _PATH.fullmatch(scope["path"])
        if path is not None:
            await self._call(scope, dict(scope["headers"]), body, path)

    def stop(self) -> None:
        """Cancel the calls that faults keep waiting."""
        self._effects.stop()

    async def _call(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, path: re.Match[str]
    ) -> tuple[Answer, bytes]:
        """Carry out a call and render its response. Its traffic entry is queued before it is sent."""
        at, began = time.time_ns() // 1000, time.perf_counter_ns()
        name, ending = path.groups()
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        method: Method | None = None
        form: Form | None = None
        _, render = FORMATS[ending]
        try:
            if is_multipart(content_type) and not await self._store.run(
                lambda db: self._gate.is_known(db, authorization)
            ):
                body = b""  # whoever may not call can't make the server read many parts
            with suppress(UnreadableError):
                form = read_form(scope["query_string"], content_type, body)
            method = self.methods.get(name)
            answer = await self._answer(scope, method, form, authorization, render)
            rendered = answer.rendered or render(answer.reply)
        except Exception as error:
            log.exception("%s failed", name)
            answer = _UNAVAILABLE if is_database_failure(error) else await self._fail(authorization)
            rendered = render(answer.reply)
        took = (time.perf_counter_ns() - began) // 1000
        counted = (method.name if method else "", answer.code.name)
        (self.call_times.get(counted) or self.call_times.setdefault(counted, Histogram())).add(took)
        call = AnsweredCall(
            at, took, scope["method"], path[0], content_type, authorization, name, method, form, answer,
            rendered if ending == "json" else None,
        )  # fmt: skip
        weight = len(scope["query_string"]) + len(body) + len(rendered)
        tenant = answer.account.tenant if answer.account else None
        if tenant is not None:
            self._note_use(tenant)
        try:
            self._store.on_entry(PendingEntry(tenant, weight, _make_entry, (call, self._context)))
        except Exception:  # the call is carried out, so its client must be told that
            log.exception("A call of %s is missing from the traffic.", name)
        return answer, rendered

    async def _answer(
        self, scope: Scope, method: Method | None, form: Form | None, authorization: str, render: Render
    ) -> Answer:
        if method is None or scope["method"] not in ("GET", "POST", "HEAD", "PUT"):
            return await self._refuse(authorization, Code.NOT_IMPLEMENTED, Code.NOT_IMPLEMENTED.text)
        if self._https_url is not None and scope["scheme"] != "https":
            why = f"The API is served over HTTPS only: {self._https_url(scope)}{scope['path']}"
            return await self._refuse(authorization, Code.NO_ACCESS, why)
        prepare = method.find_preparation(form)
        if prepare is None or form is None:
            answer = await self._store.run(
                lambda db: answer_call(db, self._gate, method, form, authorization, render),
                self._gate.tenants_of(authorization),
            )
        else:
            answer = await prepare_and_answer(self._store, self._gate, method, form, authorization, prepare, render)
        if answer.early_recipients and answer.account:
            try:
                await wait_for_reports(self._store, answer.account.tenant, answer.early_recipients)
            except Exception:  # the call is carried out, so its client must be told that
                log.exception("The early reports of a call of %s could not be awaited.", method.name)
        return answer

    async def _fail(self, authorization: str) -> Answer:
        try:
            return await self._refuse(authorization, Code.FAILED, Code.FAILED.text)
        except Exception:
            log.exception("The caller could not be found.")
            return Answer(Code.FAILED, build_error(Code.FAILED, Code.FAILED.text), PROFILES["seed"])

    async def _refuse(self, authorization: str, code: Code, description: str) -> Answer:
        account = await self._store.run(lambda db: self._gate.find_caller(db, authorization))
        return Answer(code, build_error(code, description), PROFILES["seed"], account=account)


_AWAY = "The sandbox can't reach its database at the moment. Try again later."
_UNAVAILABLE = Answer(Code.FAILED, build_error(Code.FAILED, _AWAY), PROFILES["seed"], is_unavailable=True)


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


@cache
def _entry_maker() -> Callable[[AnsweredCall, ApiContext], Any]:
    from .traffic_entry import make_entry  # late, because the first response does not need it

    return make_entry


def _make_entry(call: AnsweredCall, context: ApiContext) -> Any:
    try:
        return _entry_maker()(call, context)
    except Exception:
        log.exception("The traffic entry of a call of %s is reduced to its outcome.", call.name)
        from .traffic_entry import make_bare_entry

        return make_bare_entry(call)


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
