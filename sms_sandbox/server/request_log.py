"""A line of the log for each request, with its id. Only a JSON log has it."""

import logging
import re
import secrets
import time
from contextvars import ContextVar
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..api.asgi_extensions import CALL_FACTS
from .response_writer import ResponseWriter

log = logging.getLogger(__name__)

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of requests, and if the log is not JSON."""

_HEADER = b"x-request-id"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestLog:
    """Logs requests. A request keeps the id that its X-Request-Id header gives, or gets one."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._numbers = count(1)

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, writer: ResponseWriter) -> None:
        """Answer a request with the application, and log how that ended."""
        given = dict(scope["headers"]).get(_HEADER, b"")
        own = given.decode() if _SANE.fullmatch(given) else f"{self._process}-{next(self._numbers):x}"
        request_id.set(own)  # each request is a task with a context of its own
        facts: dict[str, Any] = {}
        scope["extensions"] = {**scope["extensions"], CALL_FACTS: facts}
        began = time.perf_counter()
        send: Send = writer.send
        try:
            await app(scope, receive, send)
        finally:
            verb, path, took = scope["method"], scope["path"], (time.perf_counter() - began) * 1000
            request = {"verb": verb, "path": path, "status": writer.status, "took_ms": round(took, 3), **facts}
            log.info("%s %s answered with %s", verb, path, writer.status or "nothing", extra={"request": request})
