"""Middleware for every address."""

import asyncio
from contextlib import suppress

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_STOPPING = PlainTextResponse(
    "The sandbox is being stopped.", 503, headers={"cache-control": "no-store", "connection": "close"}
)


class AnswerCancelled:
    """Middleware that answers a cancelled call with 503.

    The server cancels calls that last longer than its stop may take.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            with suppress(RuntimeError):  # the call was answered in part
                await _STOPPING(scope, receive, send)
