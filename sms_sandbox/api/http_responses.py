"""Error pages like those of the real service's nginx, and the sender of complete responses.

The pages have none of the API's headers.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"

Headers = list[tuple[bytes, bytes]]


class CompleteResponse(TypedDict):
    """A response with a complete body."""

    status: int
    headers: Headers
    body: bytes


async def send_page(send: Send, status: int, title: str, close: bool = False) -> None:
    """Send an HTML page with nothing but a title; `close` announces the end of the connection."""
    headers: Headers = [(b"server", b"nginx"), (b"content-type", b"text/html")]
    body = _PAGE.format(title).encode()
    headers.append((b"content-length", str(len(body)).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send_response(send, status, headers, body)


async def not_found_page(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer an unknown path. This is the exception handler for 404."""
    page = _PAGE.format("404 Page Not Found").encode()
    return Response(page, 404, {"server": "nginx", "content-type": "text/html"})


async def send_response(send: Send, status: int, headers: Sequence[Any], body: bytes) -> None:
    """Send a response with a complete body as ASGI messages."""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
