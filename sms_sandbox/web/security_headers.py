"""Security headers of the sandbox's own pages and documents."""

import re
from collections.abc import Awaitable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..domain import merge

CONTENT_SECURITY_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of a document that loads nothing. A page with styles has its own, which begins with this."""

_HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

_OWN_PATH = re.compile(rf"(?:/|/livez|/readyz|/_sandbox(?:/.*)?|/*(?i:{merge.SHORT_LINK}))", re.DOTALL)
"""The paths of the sandbox itself. All others belong to the imitated API, whose headers are the real service's."""


class SecurityHeaders:
    """Middleware that adds the headers to responses of the sandbox's own paths, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Every call of the API comes through here, so it gets no coroutine of its own.
        if scope["type"] != "http" or _OWN_PATH.fullmatch(scope["path"]) is None:
            return self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        return self._app(scope, receive, send_with_headers)
