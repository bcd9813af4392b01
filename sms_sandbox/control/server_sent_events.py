"""Responses that last: Server-Sent Events, and answers that a client waits for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from .declare import StreamEvent
from .errors import ControlError

T = TypeVar("T")

# The type is no `media_type`, because Starlette adds a charset to those of text, and events have none.
_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}

_RETRY = b"retry: 1000\n\n"
"""Tells a browser to reconnect after a second. It is sent first, so that the head goes out at once."""


async def stream(events: AsyncGenerator[StreamEvent, None], verb: str) -> Response:
    """Return a response that sends events until the client disconnects or they end.

    Their first one is a sign of life, before which the stream can still be refused: raises ControlError.
    """
    await anext(events)
    if verb == "HEAD":
        await events.aclose()
        return Response(headers=_HEADERS)
    return _EventResponse(_lines(events), headers=_HEADERS)


class _EventResponse(StreamingResponse):
    """A stream that ends when its client disconnects, and leaves nothing to the garbage collector.

    Starlette's own runs in a group of tasks. The traceback of their cancellation refers to the response in a circle.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        sending = asyncio.create_task(self.stream_response(send))
        leaving = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            await asyncio.wait((sending, leaving))
        if not sending.cancelled():
            sending.result()


async def _lines(events: AsyncGenerator[StreamEvent, None]) -> AsyncIterator[bytes]:
    yield _RETRY
    async with aclosing(events):
        with suppress(ControlError):  # the tenant was deleted
            async for event in events:
                yield spell(event)


def spell(event: StreamEvent) -> bytes:
    """Return an event as it is sent; one without a name is a comment that shows that the stream is alive."""
    if event.spelled:
        return event.spelled
    if not event.name:
        return b": here\n\n"
    number = b"" if event.id is None else f"id: {event.id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (number, event.name.encode(), msgspec.json.encode(event.data))


async def until_disconnect(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`. Raises ClientDisconnect if the client disconnects first, and cancels the work."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    with suppress(RuntimeError):
        while (await receive())["type"] != "http.disconnect":
            pass
