"""Pages of the web server's own, in front of the API and without anything of its."""

from collections.abc import Sequence
from typing import Any

from starlette.types import Send

from .asgi_extensions import WHOLE

_PAGE = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"

Headers = list[tuple[bytes, bytes]]


async def send_page(send: Send, status: int, title: str, close: bool = False) -> None:
    """Answer with a page that says no more than its title."""
    headers: Headers = [(b"server", b"nginx"), (b"content-type", b"text/html")]
    body = _PAGE.format(title).encode()
    headers.append((b"content-length", str(len(body)).encode()))
    if close:
        headers.append((b"connection", b"close"))
    await send_whole(send, status, headers, body)


async def send_whole(send: Send, status: int, headers: Sequence[Any], body: bytes) -> None:
    """Answer with a body that is there as a whole."""
    await send({"type": "http.response.start", "status": status, "headers": headers, WHOLE: True})
    await send({"type": "http.response.body", "body": body})
