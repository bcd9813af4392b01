"""The operation that calls the API as the account, for clients that can't reach it over HTTPS themselves."""

import asyncio
import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

from starlette.types import Message

from ..api.asgi_extensions import CONNECTION
from .declare import LongCall, operation
from .errors import ControlError
from .server_sent_events import until_disconnect
from .shapes import calls as shapes


@operation("POST", "/calls")
async def call_api(call: LongCall, body: shapes.NewCall) -> shapes.CallResult:
    """Call a method of the API as the account.

    It is a call like any other: charged, throttled, met by faults, and part of the traffic.
    """
    if body.method not in call.context.methods:
        raise ControlError("invalid", f"There is no method {body.method[:80]!r}.")
    return await until_disconnect(call.receive, _make(call, body))


async def _make(call: LongCall, body: shapes.NewCall) -> shapes.CallResult:
    pair = f"{call.account.key}:{call.account.secret or ''}".encode()
    path, form = f"/{body.method}.json", urlencode(body.params, errors="replace").encode()
    ended = asyncio.Event()
    status, reply = 0, bytearray()
    is_read = False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            await ended.wait()
            return {"type": "http.disconnect"}
        is_read = True
        return {"type": "http.request", "body": form, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            reply.extend(message.get("body", b""))

    def end(with_reset: bool) -> None:  # noqa: ARG001
        ended.set()

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "https", "path": path,
        "raw_path": path.encode(), "query_string": b"", "extensions": {CONNECTION: {"end": end}},
        "headers": [
            (b"authorization", b"Basic " + b64encode(pair)),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(form)).encode()),
        ],
    }  # fmt: skip
    await call.context.api(scope, receive, send)
    return shapes.CallResult(status, _read(bytes(reply)))


def _read(reply: bytes) -> Any:
    """Return the reply as data, or as text if a fault has broken it. None if there is none."""
    try:
        return json.loads(reply) if reply else None
    except ValueError:
        return reply.decode("utf-8", "replace")


OPERATIONS = (call_api,)
