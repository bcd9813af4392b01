"""A client that calls an application in the thread of the test, without a socket."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx2
from starlette.types import ASGIApp


class AppClient(httpx2.Client):
    """Calls an application as a client would at https://localhost.

    It takes a third of the time of Starlette's client, which starts a thread and an event loop for each call.
    """

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(transport=_AppTransport(app), base_url="https://localhost", trust_env=False)
        self.app = app


class _AppTransport(httpx2.BaseTransport):
    def __init__(self, app: ASGIApp) -> None:
        self._app = httpx2.ASGITransport(app=app)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if _is_in_a_loop():  # the test is a coroutine, and its own loop waits for this call
            with ThreadPoolExecutor(1) as thread:
                return thread.submit(asyncio.run, self._answer(request)).result()
        if threading.current_thread() is threading.main_thread():
            return _loop().run_until_complete(self._answer(request))
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        reply = await self._app.handle_async_request(request)
        body = b"".join([piece async for piece in reply.aiter_raw()])
        return httpx2.Response(reply.status_code, headers=reply.headers, stream=httpx2.ByteStream(body))


def _is_in_a_loop() -> bool:
    """Return True if an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


_loops: list[asyncio.AbstractEventLoop] = []


def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of the main thread, which all calls from there share."""
    if not _loops:
        _loops.append(asyncio.new_event_loop())
    return _loops[0]


def close_loop() -> None:
    """Close the event loop if a call has opened it."""
    while _loops:
        _loops.pop().close()
