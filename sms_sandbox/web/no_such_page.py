"""The page for an unknown address below `/_sandbox/`, with links that lead on."""

from html import escape
from string import Template

MAX_SHOWN_CHARACTERS = 200

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>No such page</title>
<link rel="icon" href="/_sandbox/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/_sandbox/page/css/tokens.css">
<link rel="stylesheet" href="/_sandbox/page/css/elements.css">
<link rel="stylesheet" href="/_sandbox/page/css/documents.css">
<script src="/_sandbox/page/js/theme.js"></script>
</head>
<body><main class="sign-in">
<p class="brand"><img src="/_sandbox/page/icon.svg" alt="" width="28" height="28"><span>sms-sandbox</span></p>
<h1>No such page</h1>
<p class="soft">Nothing is at <code>$path</code>.</p>
<ul class="link-cards">
<li><a href="/_sandbox/"><strong>The page</strong><span>Handsets, messages, callbacks and traffic.</span></a></li>
<li><a href="/_sandbox/docs/"><strong>Documentation</strong><span>All pages, by what you want to do.</span></a></li>
<li><a href="/_sandbox/docs/control"><strong>The control API</strong>
<span>Its addresses begin with <code>/_sandbox/v1/</code>.</span></a></li>
</ul>
</main></body>
</html>
""")


def build(path: str) -> str:
    """Return the page for an address."""
    shown = path if len(path) <= MAX_SHOWN_CHARACTERS else f"{path[:MAX_SHOWN_CHARACTERS]}…"
    return _PAGE.substitute(path=escape(shown))
