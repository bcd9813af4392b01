"""The composition root: the store, the imitated API, control, the pages and the runner make one ASGI application."""

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from .api.routes import Api
from .control import guard
from .control.declare import Defaults, Desk
from .control.errors import ControlError
from .control.routes import PREFIX, Control
from .domain.clock import real_now
from .domain.profiles import PROFILES
from .inbox import pages
from .settings import Settings
from .simulation import inbound
from .simulation.courier import Courier
from .simulation.runner import Runner
from .store import accounts, opening, tenants, world
from .store.accounts import NewAccount
from .store.engine import Store
from .store.tenants import NewTenant
from .tls import Certificates

VERSION = version("sms-sandbox")

# The hosts of the short links as the real service writes them; here they are the first part of a path.
_LINK = re.compile(r"/+(?:TapTh\.is|UnsubRep\.ly)/([0-9A-Za-z]{8})", re.IGNORECASE)


class App:
    """Everything the two listeners serve. What is ours lies under `/_sandbox`; the API is served over HTTPS."""

    def __init__(self, settings: Settings, store: Store, certificates: Certificates, https: str, http: str) -> None:
        self.settings = settings
        self.store = store
        self.key, self.secret = settings.accounts[0]
        self.token = settings.control_token
        if self.token is None and not guard.is_loopback(settings.host):
            self.token = secrets.token_urlsafe(24)
        self.facts = {
            "name": "sms-sandbox",
            "version": VERSION,
            "https": https,
            "http": http,
            "ca": str(certificates.ca),
            "ca_bundle": str(certificates.ca_bundle),
        }
        self._ca = certificates.ca.read_bytes()
        self.runner = Runner(store, Courier(certificates.ca_bundle, settings.callback_host))
        self._api = Api(store, None if settings.allow_http else https)
        defaults = Defaults(settings.profile, throttle_of(settings), settings.strict_senders, settings.delivery_delay)
        self._names = (*settings.cert_host, settings.host)
        self._control = Control(Desk(store, self.runner, defaults, self.facts), self._names, self.token)

    async def start(self) -> None:
        """Make the accounts that are asked for, and let the timeline run."""
        await self.store.run(self._found)
        await self.runner.start()

    async def stop(self) -> None:
        await self.runner.stop()
        self.store.close()

    def _found(self, db: Any) -> None:
        settings = self.settings
        opening.hold(db)
        for index, (key, secret) in enumerate(settings.accounts):
            known = accounts.by_key(db, key)
            if known is not None:
                changes: dict[str, Any] = {"secret": secret}
                if settings.throttle is not None:
                    changes["throttle"] = settings.throttle
                accounts.change(db, known.tenant, known.id, changes)
                continue
            name = "default" if index == 0 and tenants.by_name(db, "default") is None else f"account-{key}"
            new = NewTenant(
                name=name[:64],
                seed=f"sandbox {name}",
                profile=settings.profile,
                delivery_delay=timedelta(seconds=settings.delivery_delay),
                strict_senders=settings.strict_senders,
            )
            world.found(db, new, NewAccount(key, secret, name=name, throttle=throttle_of(settings)), real_now())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith(f"{PREFIX}/"):
            await self._control(scope, receive, send)
        elif path in ("/livez", "/readyz", "/_sandbox", "/_sandbox/", "/_sandbox/ca.pem"):
            await self._page(scope, path)(scope, receive, send)
        elif link := _LINK.fullmatch(path):
            await (await self._tap(link[1]))(scope, receive, send)
        elif path == "/" and scope["scheme"] == "http":
            await RedirectResponse("/_sandbox/", 302)(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    def _page(self, scope: Scope, path: str) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return Response(status_code=405, headers={"allow": "GET, HEAD"})
        if path == "/livez":
            return JSONResponse({"status": "alive"})
        if path == "/readyz":
            return JSONResponse({"status": "ready", "version": VERSION})
        if path == "/_sandbox/ca.pem":
            return Response(self._ca, media_type="application/x-pem-file")
        if path == "/_sandbox":
            return RedirectResponse("/_sandbox/", 302)
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        try:
            guard.check(headers, "GET", self._names, None)
        except ControlError as refused:
            return Response(refused.message, refused.status, media_type="text/plain")
        # Off loopback the page is for whoever can reach it, and the secret is not.
        secret = self.secret if self.token is None else "(as it was set)"
        return Response(pages.status({**self.facts, "key": self.key, "secret": secret}), media_type="text/html")

    async def _tap(self, code: str) -> Response:
        tap = await self.store.run(lambda db: inbound.tap(db, code, real_now()))
        if tap is None:
            return Response("There is no such link.", 404, media_type="text/plain")
        if tap.target is None:
            return Response(pages.opted_out(tap.msisdn), media_type="text/html")
        return RedirectResponse(tap.target, 302)


def throttle_of(settings: Settings) -> int:
    return PROFILES[settings.profile].throttle if settings.throttle is None else settings.throttle
