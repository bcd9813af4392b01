"""The page for an unknown address below `/_sandbox/`, with links that lead on."""

from html import escape
from string import Template

from . import small_page

MAX_SHOWN_CHARACTERS = 200

_BODY = Template("""<p class="brand"><img src="/_sandbox/page/icon.svg" alt="" width="28" height="28">
<span>sms-sandbox</span></p>
<h1>No such page</h1>
<p class="soft">Nothing is at <code>$path</code>.</p>
<ul class="link-cards">
<li><a href="/_sandbox/"><strong>The page</strong><span>Handsets, messages, callbacks and traffic.</span></a></li>
<li><a href="/_sandbox/docs/"><strong>Documentation</strong><span>All pages, by what you want to do.</span></a></li>
<li><a href="/_sandbox/docs/control"><strong>The control API</strong>
<span>Its addresses begin with <code>/_sandbox/v1/</code>.</span></a></li>
</ul>""")


def build(path: str) -> str:
    """Return the page for an address."""
    shown = path if len(path) <= MAX_SHOWN_CHARACTERS else f"{path[:MAX_SHOWN_CHARACTERS]}…"
    return small_page.build("No such page", _BODY.substitute(path=escape(shown)))
