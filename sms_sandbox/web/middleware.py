"""Middleware for every address."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..domain.callbacks import USER_AGENT
from ..domain.receiver import is_receiver
from ..store.database import Store
from ..store.failures import DATABASE_IS_AWAY, is_database_failure

_STOPPING = PlainTextResponse(
    "The sandbox is being stopped.", 503, headers={"cache-control": "no-store", "connection": "close"}
)

_AWAY = PlainTextResponse(DATABASE_IS_AWAY, 503, headers={"cache-control": "no-store"})

_LOOP = PlainTextResponse(
    "A sandbox does not call itself: this is a callback.", 508, headers={"cache-control": "no-store"}
)
_OWN_USER_AGENT = (b"user-agent", USER_AGENT.encode())


class NoLoops:
    """Middleware that refuses callbacks of a sandbox.

    The HTTP client of callbacks refuses this server's own addresses. It can't know others that lead here, as those of a
    published port or a proxy, so one message could cause the next for ever. The built-in receiver calls nothing, so it
    may get callbacks.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_callback = scope["type"] == "http" and _OWN_USER_AGENT in scope["headers"]
        is_loop = is_callback and not is_receiver(scope["path"])
        return (_LOOP if is_loop else self._app)(scope, receive, send)


class AnswerUnavailable:
    """Middleware that answers with 503 if a call was cancelled, or the database failed.

    The server cancels calls that last longer than its stop may take. Calls of the API and of control are answered in
    their own form if the database fails, so this is for pages, links and receivers.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            with suppress(RuntimeError):  # the call was answered in part
                await _STOPPING(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http" or not is_database_failure(error):
                raise
            self._store.log_failure(scope["path"], error)
            with suppress(RuntimeError):  # the call was answered in part
                await _AWAY(scope, receive, send)
