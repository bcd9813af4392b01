"""Calls of the API from inside the process, without a socket."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message

from .asgi_extensions import CONNECTION


async def call_internally(
    api: ASGIApp, key: str, secret: str, method: str, params: Mapping[str, str]
) -> tuple[int, bytes]:
    """Call a method, and return status and body. The status is 0 if a fault ends the connection."""
    path, form = f"/{method}.json", urlencode(params, errors="replace").encode()
    ended = asyncio.Event()
    status, body, is_read = 0, bytearray(), False

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
            body.extend(message.get("body", b""))

    def end(with_reset: bool) -> None:  # noqa: ARG001
        ended.set()

    scope = {
        "type": "http", "http_version": "1.1", "method": "POST", "scheme": "https", "path": path,
        "raw_path": path.encode(), "query_string": b"", "extensions": {CONNECTION: {"end": end}},
        "headers": [
            (b"authorization", b"Basic " + b64encode(f"{key}:{secret}".encode())),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(form)).encode()),
        ],
    }  # fmt: skip
    await api(scope, receive, send)
    return status, bytes(body)
