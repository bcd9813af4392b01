"""Answers for as long as the client is there: one that is waited for, and events as `text/event-stream`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import msgspec
from starlette.types import Message, Receive, Send

from .declare import Streamed
from .errors import ControlError, LeftError

T = TypeVar("T")

HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]

RETRY = b"retry: 1000\n\n"
"""Tells a browser to come back after a second when the stream breaks off; said first, so that the head goes out."""


async def send_events(events: AsyncGenerator[Streamed, None], verb: str, receive: Receive, send: Send) -> None:
    """Send events as they come. Ends when they do, or when the client goes away.

    The first is a sign of life, before which the stream can still be refused: raises ControlError.
    """
    async with aclosing(events):
        await anext(events)
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        if verb == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        with suppress(LeftError):
            await while_there(receive, _send(events, send))


async def while_there(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Do something for a client that waits for it. Breaks it off with LeftError when the client goes away before."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_leaving(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise LeftError
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _send(events: AsyncIterator[Streamed], send: Send) -> None:
    await send(_body(RETRY))
    with suppress(ControlError):  # the tenant is gone
        async for event in events:
            await send(_body(spelled(event)))
    await send({"type": "http.response.body", "body": b""})


def _body(chunk: bytes) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": True}


async def _leaving(receive: Receive) -> None:
    with suppress(RuntimeError):
        while (await receive())["type"] != "http.disconnect":
            pass


def spelled(event: Streamed) -> bytes:
    """An event on the wire; one without a name is a comment that says the stream is alive."""
    if not event.name:
        return b": here\n\n"
    number = b"" if event.id is None else f"id: {event.id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (number, event.name.encode(), msgspec.json.encode(event.data))
