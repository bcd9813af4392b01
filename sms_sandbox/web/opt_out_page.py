"""The page that a handset sees when it opens its opt-out link."""

from html import escape
from string import Template

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Unsubscribed</title>
<link rel="stylesheet" href="/_sandbox/page/css/tokens.css">
<link rel="stylesheet" href="/_sandbox/page/css/elements.css">
</head>
<body><main class="empty">
<h1>You are unsubscribed</h1>
<p>$msisdn gets no more messages from this sender.</p>
</main></body>
</html>
""")


def opted_out(msisdn: str) -> bytes:
    """Return the page for a handset's number."""
    return _PAGE.substitute(msisdn=escape(msisdn)).encode()
