"""The frame around a page of the documentation: the header, and the list of all pages."""

from collections.abc import Iterable
from html import escape
from string import Template

from .markdown import Heading

API, CONTROL = "/_sandbox/docs/api", "/_sandbox/docs/control"
_REFERENCES = ((API, "The API, method by method (OpenAPI)"), (CONTROL, "The control API (OpenAPI)"))

_FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title · sms-sandbox</title>
<link rel="icon" href="/_sandbox/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/_sandbox/page/css/tokens.css">
<link rel="stylesheet" href="/_sandbox/page/css/elements.css">
<link rel="stylesheet" href="/_sandbox/page/css/documents.css">
<script src="/_sandbox/page/js/theme.js"></script>
</head>
<body class="docs">
<a class="skip-link" href="#content">Skip to the content</a>
<header class="docs-top"><a class="brand" href="/_sandbox/"><img src="/_sandbox/page/icon.svg" alt="" width="28"
height="28"><span>sms-sandbox</span></a> <a href="/_sandbox/docs/">Documentation</a>
<a class="to-page" href="/_sandbox/">Open the page</a></header>
<div class="docs-body">
<details class="docs-menu"><summary>Pages</summary><nav class="docs-nav" aria-label="Pages of the
documentation"><ul>$pages</ul></nav></details>
<nav class="docs-nav docs-side" aria-label="Pages of the documentation"><ul>$pages</ul></nav>
<main id="content" class="doc" tabindex="-1">
$body
</main>
</div>
</body>
</html>
""")

_MIN_CONTENTS = 4
"""Headings from which a page gets a table of contents."""


def frame(
    title: str, body: str, location: str, pages: Iterable[tuple[str, str]], headings: Iterable[Heading] = ()
) -> bytes:
    """Return a page. `location` is its address, `pages` are addresses and titles, and `body` is HTML."""
    listed = "".join(
        f'<li><a href="{escape(address)}"{" aria-current=page" * (address == location)}>{escape(text)}</a></li>'
        for address, text in (*pages, *_REFERENCES)
    )
    return _FRAME.substitute(title=escape(title), pages=listed, body=_with_contents(body, headings)).encode()


def _with_contents(body: str, headings: Iterable[Heading]) -> str:
    """Return the HTML of a page, with its table of contents after the title."""
    title, end, rest = body.partition("</h1>")
    return f"{title}{end}{_contents(headings)}{rest}"


def _contents(headings: Iterable[Heading]) -> str:
    second = [each for each in headings if each.level == 2]
    if len(second) < _MIN_CONTENTS:
        return ""
    listed = "".join(f'<li><a href="#{escape(each.anchor)}">{escape(each.text)}</a></li>' for each in second)
    return f'<details class="contents"><summary>On this page</summary><ul>{listed}</ul></details>'
