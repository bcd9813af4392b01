"""The documentation under `/_sandbox/docs/`, which needs no network and no other files."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Scope

from ...domain.addresses import Urls
from ..assets import PAGE_POLICY
from . import markdown
from .frame import API, CONTROL, frame
from .openapi_page import build_page
from .source import INDEX, find_root, list_files, to_address, to_path

_HEADERS = {"cache-control": "no-cache", "content-security-policy": PAGE_POLICY}
_TEXTS = (".toml",)
_EXAMPLE_NAMES = ("localhost", "sandbox.example.net")
"""Names by which the pages call the sandbox, on its usual ports."""

Describe = Callable[[Request], Awaitable[Mapping[str, Any]]]
"""Returns an OpenAPI document, with the addresses of the request."""

FindUrls = Callable[[Scope], Urls]
"""Returns the addresses that the client of a request can use."""


class Docs:
    """Answers requests for pages, images, and the two OpenAPI documents as pages."""

    def __init__(
        self, describe_api: Describe, describe_control: Describe, urls_for: FindUrls, root: Path | None = None
    ) -> None:
        self._root = find_root() if root is None else root
        self._urls_for = urls_for
        self._describe = {API: describe_api, CONTROL: describe_control}

    async def __call__(self, request: Request) -> Response:
        """Answer with what is at the path."""
        address = request.path_params["path"]
        location = f"/_sandbox/docs/{address}"
        if location in self._describe:
            document = await self._describe[location](request)
            page = await asyncio.to_thread(self._build_reference, document, location)
            return HTMLResponse(page, headers=_HEADERS)
        files, path = list_files(self._root), to_path(address)
        if f"{path}.md" in files:
            return RedirectResponse(f"{location}.md", 302, _HEADERS)  # typed by hand
        if path not in files:
            raise HTTPException(404)
        if path.endswith(".md"):
            page = await asyncio.to_thread(self._build_page, path, tuple(files))
            return HTMLResponse(_fill_in(page, self._urls_for(request.scope)), headers=_HEADERS)
        if path.endswith(_TEXTS):
            return PlainTextResponse((self._root / path).read_text(), headers=_HEADERS)
        return FileResponse(self._root / path, headers=_HEADERS)

    def _build_page(self, path: str, files: tuple[str, ...]) -> bytes:
        changed = max((self._root / each).stat().st_mtime_ns for each in (path, INDEX))
        return _build_page(self._root, path, files, changed)

    def _build_reference(self, document: Mapping[str, Any], location: str) -> bytes:
        title, body, headings = build_page(document)
        return frame(title, body, location, _list_pages(self._root, tuple(list_files(self._root))), headings)


def _fill_in(page: bytes, urls: Urls) -> bytes:
    """Return a page with the addresses that its reader can use.

    Its commands then work where they are pasted.
    """
    for name in _EXAMPLE_NAMES:
        page = page.replace(f"http://{name}:8080".encode(), urls.http.encode())
        page = page.replace(f"https://{name}:8443".encode(), urls.https.encode())
    return page


@lru_cache(64)
def _build_page(root: Path, path: str, files: tuple[str, ...], changed: int) -> bytes:  # noqa: ARG001 (part of the key)
    """Return a page. It is built again only if a file has changed."""
    rendered = markdown.render((root / path).read_text(), path, files)
    return frame(rendered.title, rendered.html, to_address(path), _list_pages(root, files), rendered.headings)


def _list_pages(root: Path, files: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the address and title of each page, in the order of the index page."""
    index = markdown.list_links((root / INDEX).read_text(), INDEX, files)
    return [(to_address(link.path), link.text) for link in index if link.path.endswith(".md")]
