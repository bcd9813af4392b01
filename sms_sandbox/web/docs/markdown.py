"""Markdown pages as HTML."""

import re
from collections.abc import Collection, Iterator
from html import escape
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .source import resolve, to_address

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")
_EXTERNAL = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_SOURCE = re.compile(r'(?<=\b(?:src)=")([^":]+)(?=")|(?<=\bsrcset=")([^":, ]+)(?=")')


class Heading(NamedTuple):
    """A heading of a page: its level, its anchor and its text."""

    level: int
    anchor: str
    text: str


class Rendered(NamedTuple):
    """A page as HTML, with its headings."""

    html: str
    headings: list[Heading]

    @property
    def title(self) -> str:
        """The first heading."""
        return self.headings[0].text if self.headings else "Documentation"


class Link(NamedTuple):
    """A link of a page to another file: its path, and its text."""

    path: str
    text: str


def render(text: str, path: str, files: Collection[str]) -> Rendered:
    """Render a page.

    Links to `files` lead to their addresses. Those to other files of the project become plain text.
    """
    tokens = _MARKDOWN.parse(text)
    headings = list(_name_headings(tokens))
    for token in tokens:
        if token.attrGet("style"):  # the alignment of a column; a style attribute would be refused by the browser
            token.attrs = {"class": str(token.attrs["style"]).replace("text-align:", "align-")}
        if token.type == "html_block":
            token.content = _rewrite_html(token.content, path, files)
        for child in token.children or ():
            if child.type == "html_inline":
                child.content = _rewrite_html(child.content, path, files)
            elif child.type == "image":
                child.attrSet("src", _address(str(child.attrGet("src")), path, files) or "")
        token.children = token.children and list(_rewrite_links(token.children, path, files))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    # A wide table scrolls by itself, and a keyboard must be able to do that.
    html = html.replace("<table>", '<div class="table" tabindex="0"><table>').replace("</table>", "</table></div>")
    html = html.replace("<th></th>", "<td></td>")  # an empty header says nothing to a screen reader
    return Rendered(html.replace("<pre>", '<pre tabindex="0">'), headings)


def list_links(text: str, path: str, files: Collection[str]) -> Iterator[Link]:
    """Yield the links of a page to other files that are served, each once."""
    seen: set[str] = set()
    for token in _MARKDOWN.parse(text):
        children = token.children or []
        for index, child in enumerate(children):
            target = resolve(path, str(child.attrGet("href")).partition("#")[0]) if child.type == "link_open" else ""
            if target in files and target not in seen:
                seen.add(target)
                yield Link(target, children[index + 1].content)


def _name_headings(tokens: list[Token]) -> Iterator[Heading]:
    """Give each heading the anchor that links name, made as code hosts make it."""
    used: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(child.content for child in tokens[index + 1].children or ())
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = used[anchor] = used.get(anchor, -1) + 1
        anchor = f"{anchor}-{count}" if count else anchor
        token.attrSet("id", anchor)
        yield Heading(int(token.tag[1]), anchor, text)


def _rewrite_links(tokens: list[Token], path: str, files: Collection[str]) -> Iterator[Token]:
    was_dropped = False
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href")), path, files)
            was_dropped = address is None
            if address is not None:
                token.attrSet("href", address)
        if not (token.type in ("link_open", "link_close") and was_dropped):
            yield token


def _address(href: str, path: str, files: Collection[str]) -> str | None:
    """Return where a link leads; None if the file is not served."""
    if href.startswith("#") or _EXTERNAL.match(href):
        return href
    target, hash_sign, anchor = href.partition("#")
    target = resolve(path, target)
    return f"{to_address(target)}{hash_sign}{anchor}" if target in files else None


def _rewrite_html(html: str, path: str, files: Collection[str]) -> str:
    return _SOURCE.sub(lambda match: escape(_address(match[0], path, files) or ""), html)
