"""The HTML of the status page, and of the page behind an opt-out link."""

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from html import escape
from string import Template

from .security_headers import CONTENT_SECURITY_POLICY

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #f5f6f8; --card: #fff; --line: #dde1e7;
  --code: #eef1f5; --good: #1a7f4b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --paper: #14181f; --card: #1c222b;
  --line: #303947; --code: #252d38; --good: #4ec98a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; }
p { margin: .4rem 0 .8rem; }
.soft { color: var(--soft); }
.good { color: var(--good); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .45rem 1.5rem; margin: 0; padding: 1.1rem 1.25rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; background: var(--code); border-radius: .35rem; }
code { padding: .1rem .35rem; }
pre { padding: .9rem 1.1rem; overflow-x: auto; margin: 0; border: 1px solid var(--line); }
pre code { padding: 0; background: none; }
a { color: inherit; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .6rem; } }
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_POLICY = f"{CONTENT_SECURITY_POLICY}; style-src 'sha256-{_STYLE_HASH}'"
"""The Content-Security-Policy of these pages: nothing is loaded, and only their own style sheet applies."""

_FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body><main>
$body
</main></body>
</html>
""")

_STATUS = Template("""<h1>sms-sandbox</h1>
<p class="soft">A local sandbox of the TransmitSMS API, version $version. Nothing sent here reaches a phone or costs
money. <span class="good">Running.</span></p>
<dl>
<dt>Base URL</dt><dd><code>$https</code></dd>
<dt>API key</dt><dd><code>$key</code></dd>
<dt>API secret</dt><dd><code>$secret</code></dd>
<dt>Its CA alone</dt><dd><code>$ca</code></dd>
<dt>Its CA and the public ones</dt><dd><code>$ca_bundle</code></dd>
</dl>
<h2>Send a message</h2>
<pre><code>curl --cacert $quoted_ca \\
  -u $pair $https/send-sms.json \\
  -d to=61491570156 -d message='Hello from the sandbox'</code></pre>
<h2>Trust the certificate</h2>
<p>Run this in a shell, and every program started from it trusts the sandbox. The system's own store is never
touched.</p>
<pre><code>eval "$$($env)"</code></pre>
<p class="soft">PowerShell, .env files and GitHub Actions: <code>--shell powershell</code>, <code>dotenv</code>,
<code>github</code>. The CA can also be <a href="/_sandbox/ca.pem">downloaded</a>.</p>
<h2>Reply as the handset</h2>
<pre><code>curl $http/_sandbox/v1/inbound $token\\
  -d '{"from": "61491570156", "text": "Thanks"}'</code></pre>
<h2>Move the clock by a day</h2>
<pre><code>curl $http/_sandbox/v1/clock/advance $token\\
  -d '{"hours": 24}'</code></pre>
<h2>Make a delivery fail</h2>
<pre><code>curl --cacert $quoted_ca \\
  -u $pair $https/send-sms.json \\
  -d to=61491572665 -d message='Nobody home'</code></pre>
<p class="soft">Other numbers have <a href="/_sandbox/v1/scenarios">other scenarios</a>.</p>
<h2>See what happened</h2>
<p><a href="/_sandbox/v1/traffic">Every call, callback attempt and reply</a>, newest first;
<a href="/_sandbox/v1/messages">messages</a>, <a href="/_sandbox/v1/callbacks">callbacks</a>,
<a href="/_sandbox/v1/clock">the clock</a>. <a href="/_sandbox/v1/openapi.json">The control API's OpenAPI document</a>
lists everything else you can do.</p>
""")


def status(info: Mapping[str, str], key: str, secret: str | None, env: Sequence[str]) -> bytes:
    """Return the status page.

    Without a secret it is for strangers as well: it says that control takes a token, and shows no secret.

    Args:
        info: version, https, http, ca and ca_bundle.
        key: the API key of the default account.
        secret: its secret, or None.
        env: the command that prints the environment of a client.
    """
    values = {
        **info,
        "key": key,
        "secret": secret or "(as configured)",
        "pair": shlex.quote(f"{key}:{secret or 'SECRET'}"),
        "quoted_ca": shlex.quote(info["ca"]),
        "env": shlex.join(env),
        "token": "" if secret else "-H 'X-Sandbox-Token: TOKEN' ",
    }
    body = _STATUS.substitute({name: escape(value, quote=False) for name, value in values.items()})
    return _FRAME.substitute(style=_STYLE, title="sms-sandbox", body=body).encode()


def opted_out(msisdn: str) -> bytes:
    """Return the page that a handset sees when it opens its opt-out link."""
    body = f"<h1>You are unsubscribed</h1><p>{escape(msisdn)} gets no more messages from this sender.</p>"
    return _FRAME.substitute(style=_STYLE, title="Unsubscribed", body=body).encode()
