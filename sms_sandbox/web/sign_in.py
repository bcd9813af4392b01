"""Sign-in and sign-out of browsers, where other machines can call."""

import re
from collections.abc import Mapping
from html import escape
from string import Template
from urllib.parse import parse_qs, quote

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..domain import credentials
from ..services import sessions
from ..services.access import Access, AccessError, Given, read_given
from ..store.database import Store
from ..store.real_time import real_now
from . import small_page

SIGN_IN = "/_sandbox/sign-in"
HOME = "/_sandbox/"

_PATH = "/_sandbox"
"""The path of the cookie, which calls of the imitated API need not carry."""

_MAX_BODY_BYTES = 4096

_OWN_ADDRESS = re.compile(r"/_sandbox/[!-\[\]-~]*")
"""An address of ours to return to. Browsers take a backslash for a slash."""

_STATUSES = {"unauthorised": 401, "quota": 403, "too_many": 429}

_FORM = Template("""<p class="brand"><img src="/_sandbox/page/icon.svg" alt="" width="28" height="28">
<span>sms-sandbox</span></p>
<h1>Sign in</h1>
<p class="soft">A sandbox of the TransmitSMS API. Nothing sent here reaches a phone or costs money.</p>
$problem
<form method="post" action="$action" class="card stack">
<div><h2>With a tenant's key and secret</h2>
<p class="soft">The API key and secret that your app uses. They show you that tenant.</p></div>
<div class="field"><label for="key">API key</label>
<input class="input" id="key" name="key" value="$key" autocomplete="username" autocapitalize="none" spellcheck="false"
required maxlength="255"></div>
<div class="field"><label for="secret">API secret</label>
<input class="input" id="secret" name="secret" type="password" autocomplete="current-password" required
maxlength="255"></div>
<button class="button primary" type="submit">Sign in</button>
</form>
<form method="post" action="$action" class="card stack">
<div><h2>As the operator</h2>
<p class="soft">The token that the server prints when it starts. It shows you every tenant.</p></div>
<div class="field"><label for="token">Operator's token</label>
<input class="input" id="token" name="token" type="password" autocomplete="off" required maxlength="255"></div>
<button class="button" type="submit">Sign in as the operator</button>
</form>
<p class="soft small-text"><a href="/_sandbox/docs/">Documentation</a> ·
<a href="/_sandbox/ca.pem">Certificate of the sandbox's authority</a></p>
""")

_REFRESH = Template('<meta http-equiv="refresh" content="0; url=$action"><p><a href="$action">Continue</a></p>')


class SignIn:
    """The endpoints of signing in and out."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def is_needed(self, request: Request) -> bool:
        """Return True if a browser must sign in before it sees the page."""
        if self._access.token is None:
            return False
        given = _read(request)
        if not given.session:
            return True
        return (
            await self._store.run(lambda db: sessions.find(db, given.session, self._access.token, real_now())) is None
        )

    def lead_here(self, request: Request) -> Response:
        """Lead a browser to the form, and back to its address afterwards."""
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(address, safe='')}", 303, {"cache-control": "no-store"})

    async def answer(self, request: Request) -> Response:
        """Show the form, or check what it sent."""
        return await (self._submit if request.method == "POST" else self._form)(request)

    async def _form(self, request: Request) -> Response:
        """Show the form. A browser that is signed in, or need not be, goes on to its address."""
        if not await self.is_needed(request):
            return RedirectResponse(_next(request), 303, {"cache-control": "no-store"})
        if request.headers.get("sec-fetch-site") == "cross-site" and "again" not in request.query_params:
            # A browser that follows a link from elsewhere does not send the cookie. It does when the page asks itself.
            return _page(_REFRESH.substitute(action=escape(_action(request) + "&again=1")), 200)
        return self._show(request, "", "")

    async def _submit(self, request: Request) -> Response:
        """Check what the form sent, and begin a session."""
        fields = await _read_form(request)
        key, token = fields.get("key", ""), fields.get("token", "")
        authorization = "" if token else credentials.to_basic(key, fields.get("secret", ""))
        given = Given(authorization, token, address=_read(request).address)
        try:
            self._access.check_given(given)
            session = await self._store.run(lambda db: self._begin(db, given, fields.get("secret", "")))
        except AccessError as refusal:
            if refusal.code == "unauthorised":
                self._access.note_failure(given)
            return self._show(request, key, refusal.message, _STATUSES[refusal.code])
        response = RedirectResponse(_next(request), 303, {"cache-control": "no-store"})
        _set_cookie(request, response, session, int(sessions.LIFETIME.total_seconds()))
        return response

    def _begin(self, db: Connection, given: Given, secret: str) -> str:
        """Return the token of a new session. Raises AccessError."""
        if given.token:
            self._access.check_token(given.token)
            return sessions.begin(db, sessions.OPERATOR, given.token, real_now())
        account = self._access.find_account(db, given.authorization)
        return sessions.begin(db, account.key, secret, real_now())

    async def sign_out(self, request: Request) -> Response:
        """End the session of the browser."""
        given = _read(request)
        if given.session:
            await self._store.run(lambda db: sessions.end(db, given.session))
        response = RedirectResponse(SIGN_IN, 303, {"cache-control": "no-store", "clear-site-data": '"cache"'})
        _set_cookie(request, response, "", 0)
        return response

    def _show(self, request: Request, key: str, problem: str, status: int = 200) -> Response:
        shown = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        return _page(_FORM.substitute(action=escape(_action(request)), key=escape(key), problem=shown), status)


def _page(body: str, status: int) -> Response:
    from .assets import PAGE_POLICY  # late, because the first call needs no page

    policy = PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")
    # A browser calls the origin of a form "null" if the page may not tell where it is, and the guard refuses that.
    headers = {"cache-control": "no-store", "content-security-policy": policy, "referrer-policy": "same-origin"}
    return HTMLResponse(small_page.build("Sign in to sms-sandbox", body), status, headers)


def _read(request: Request) -> Given:
    address = request.client.host if request.client else ""
    return read_given(request.headers, request.cookies, request.scope["scheme"], address)


async def _read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of the form. Of a form that is too long, return the fields that fit."""
    # Starlette 1.3, the oldest version that we allow, has no limit for a body.
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            break
    read = parse_qs(body[:_MAX_BODY_BYTES].decode("latin-1"), keep_blank_values=True, max_num_fields=20)
    return {name: values[-1] for name, values in read.items()}


def _next(request: Request) -> str:
    """Return the address to go to after the sign-in: one of ours, whatever the link says."""
    wanted = request.query_params.get("next", HOME)
    return wanted if _OWN_ADDRESS.fullmatch(wanted) else HOME


def _action(request: Request) -> str:
    return f"{SIGN_IN}?next={quote(_next(request), safe='')}"


def _set_cookie(request: Request, response: Response, value: str, max_age: int) -> None:
    scheme = request.scope["scheme"]
    response.set_cookie(
        sessions.COOKIES[scheme], value, max_age=max_age, path=_PATH, secure=scheme == "https", httponly=True,
        samesite="strict",
    )  # fmt: skip
