"""The frame of pages that are one short column: sign-in, and an unknown address."""

from string import Template

_FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<link rel="icon" href="/_sandbox/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/_sandbox/page/css/tokens.css">
<link rel="stylesheet" href="/_sandbox/page/css/elements.css">
<link rel="stylesheet" href="/_sandbox/page/css/documents.css">
<script src="/_sandbox/page/js/theme.js"></script>
</head>
<body><main class="sign-in">
$body
</main></body>
</html>
""")


def build(title: str, body: str) -> str:
    """Return a page with a title and a body, both in HTML."""
    return _FRAME.substitute(title=title, body=body)
