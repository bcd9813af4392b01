"""The page's files: its HTML, style sheets and modules, which a browser loads as they are."""

import os
from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from .security_headers import CONTENT_SECURITY_POLICY

PAGE_DIRECTORY = Path(__file__).with_name("page")

PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; connect-src 'self'; img-src 'self'; script-src 'self'; style-src 'self'"
"""The Content-Security-Policy of a page that loads the files below; nothing inline, and nothing of another host."""

_NO_CACHE = {"cache-control": "no-cache"}
"""Header for a file that a browser may keep. It must ask each time for a newer one."""

# The system's own table of types may be wrong, and a browser runs no module of another type.
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Assets(StaticFiles):
    """The files below `/_sandbox/page/`."""

    def __init__(self) -> None:
        super().__init__(directory=PAGE_DIRECTORY)

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(_NO_CACHE)
        if "content-type" in response.headers:
            response.headers["content-type"] = _MEDIA_TYPES[Path(full_path).suffix]
        return response


def page_response() -> Response:
    """Return the page itself."""
    return FileResponse(
        PAGE_DIRECTORY / "index.html",
        media_type="text/html",
        headers={**_NO_CACHE, "content-security-policy": PAGE_POLICY},
    )
