"""The addresses that a browser or a probe asks for: health, the page, downloads, and short links."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..api.declare import Method
from ..domain import merge
from ..domain.addresses import Urls
from ..store.database import Store
from ..store.real_time import real_now
from .sign_in import SignIn

_NO_STORE = {"cache-control": "no-store"}


class Pages:
    """The endpoints of everything that is neither the imitated API nor control."""

    def __init__(
        self, info: Mapping[str, str], store: Store, methods: Mapping[str, Method],
        find_failure: Callable[[], Awaitable[str | None]], sign_in: SignIn, urls_for: Callable[[Scope], Urls],
        describe_control: Callable[[], Awaitable[Mapping[str, Any]]],
    ) -> None:  # fmt: skip
        self._info = info
        self._store = store
        self._methods = methods
        self._find_failure = find_failure
        self._sign_in = sign_in
        self._urls_for = urls_for
        self._describe_control = describe_control

    async def livez(self, request: Request) -> Response:  # noqa: ARG002
        """Answer that the process is alive."""
        return JSONResponse({"status": "alive"}, headers=_NO_STORE)

    async def readyz(self, request: Request) -> Response:  # noqa: ARG002
        """Answer that calls are accepted, with the version; 503 with the reason while they are not."""
        failure = await self._find_failure()
        if failure is not None:
            return JSONResponse({"status": "unavailable", "reason": failure}, 503, headers=_NO_STORE)
        return JSONResponse({"status": "ready", "version": self._info["version"]}, headers=_NO_STORE)

    async def root(self, request: Request) -> Response:
        """Lead a browser to the page, but on the plain listener only: the real host has nothing here."""
        if request.scope["scheme"] == "https":
            raise HTTPException(404)
        return RedirectResponse("/_sandbox/", 302)

    async def add_slash(self, request: Request) -> Response:
        """Lead to the same address with a slash at its end."""
        return RedirectResponse(f"{request.url.path}/", 302)

    async def page(self, request: Request) -> Response:
        """Send the page: a client of control that runs in the browser. A stranger must sign in first."""
        if await self._sign_in.is_needed(request):
            return self._sign_in.lead_here(request)
        from . import assets  # late, because the first call needs no page

        return assets.page_response()

    async def assets(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a file of the page."""
        await self._files(scope, receive, send)

    @cached_property
    def _files(self) -> ASGIApp:
        from .assets import Assets  # late: no call of the API needs it

        return Assets()

    async def receiver(self, request: Request) -> Response:
        """Keep a callback that was sent to the built-in receiver, and answer it."""
        from .receiver import receive  # late: no call of the API needs it

        return await receive(request, self._store)

    async def ca(self, request: Request) -> Response:  # noqa: ARG002
        """Send the certificate of the sandbox's own authority."""
        try:
            pem = Path(self._info["ca"]).read_bytes()
        except FileNotFoundError:
            gone = f"{self._info['ca']} is gone. Restart the sandbox: it makes a new authority.\n"
            return PlainTextResponse(gone, 404, headers=_NO_STORE)
        return Response(pem, media_type="application/x-pem-file", headers=_NO_STORE)

    async def api_description(self, request: Request) -> Response:
        """Send the OpenAPI document of the imitated API; control has its own."""
        return JSONResponse(await self._describe_api(request), headers=_NO_STORE)

    async def docs(self, request: Request) -> Response:
        """Send a page of the documentation."""
        return await self._docs(request)

    @cached_property
    def _docs(self) -> Callable[[Request], Awaitable[Response]]:
        from .docs.endpoints import Docs  # late: no call of the API needs it

        return Docs(self._describe_api, self._describe_control_at, self._urls_for)

    async def _describe_api(self, request: Request) -> Mapping[str, Any]:
        from ..api import openapi  # late: no call of the API needs it

        https = self._urls_for(request.scope).https
        return openapi.build_document(self._methods.values(), self._info["version"], https)

    async def _describe_control_at(self, request: Request) -> Mapping[str, Any]:
        document = await self._describe_control()
        return {**document, "servers": [{"url": f"{self._urls_for(request.scope).http}/_sandbox/v1"}]}

    async def open_link(self, request: Request) -> Response:
        """Follow a short link of a message, as a handset does. A HEAD request only looks, as previews do."""
        from ..simulation.inbound import link_tap  # late: no call of the API needs it
        from ..store import links

        code, is_preview = request.path_params["code"], request.method == "HEAD"
        link = await self._store.run(
            lambda db: links.find(db, code) if is_preview else link_tap.open_link(db, code, real_now())
        )
        if link is None:
            return PlainTextResponse("There is no such link.", 404, headers=_NO_STORE)
        if link.target is not None:
            return RedirectResponse(link.target, 302)
        from .assets import PAGE_POLICY
        from .opt_out_page import opted_out

        page = opted_out(link.msisdn) if isinstance(link, link_tap.LinkTap) else b""
        return HTMLResponse(page, headers={**_NO_STORE, "content-security-policy": PAGE_POLICY})


async def no_such_page(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer an unknown address below `/_sandbox/` with a page that leads on."""
    from .assets import PAGE_POLICY  # late: no call of the API needs it
    from .no_such_page import build

    headers = {**_NO_STORE, "content-security-policy": PAGE_POLICY}
    return HTMLResponse(build(request.scope["path"]), 404, headers)


async def not_allowed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a request whose method a page does not take."""
    assert isinstance(error, HTTPException)
    verbs = sorted(((error.headers or {})["Allow"]).split(", "))
    return PlainTextResponse(f"Only {' and '.join(verbs)}.", 405, headers={"allow": ", ".join(verbs)})


class _ShortLink(Convertor[str]):
    """A short link as a part of a path: its host and its code, of which the code is the value."""

    # Host names are spelled in any case, and clients that join paths may put one slash too many in front.
    regex = f"/*(?i:{merge.SHORT_LINK})"

    def convert(self, value: str) -> str:
        return value.rpartition("/")[2]

    def to_string(self, value: str) -> str:
        return merge.link_text(merge.TRACKED_HOST, value)


register_url_convertor("short_link", _ShortLink())
