"""The composition root: the store, the imitated API, control, the pages and the runner make one ASGI application."""

import asyncio
import gc
import json
import re
import secrets
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from . import __version__
from .api.gate import Gate
from .api.routes import Api, methods
from .control import PREFIX, guard
from .control.errors import ControlError
from .domain import numbers
from .domain.clock import real_now
from .domain.merge import SHORT_LINK
from .journal.writer import Journal
from .settings import Settings, flag
from .store.database import Store
from .tenants.startup import TenantSetup

if TYPE_CHECKING:
    from .control.routes import Control
    from .simulation.runner import Runner

# The real service has hosts of their own for short links; here the host is the first part of the path.
_LINK = re.compile(f"/+{SHORT_LINK}", re.IGNORECASE)


URL_MARKS = ":/%#?=@[]!$&'()*+,;~"
"""What may stand in an address besides letters and digits."""

HTML = "text/html; charset=utf-8"

WARM_UP_AFTER = 0.25
"""Seconds from the start, so that whoever waited for it is answered first."""


GARBAGE = (50_000, 10, 10)
"""When to look for garbage that holds itself, of which calls leave none: after so many new things, not after 700."""


@dataclass(frozen=True)
class Page:
    """An answer of ours that is no data."""

    content_type: str
    body: bytes
    status: int = 200
    header: tuple[bytes, bytes] = (b"cache-control", b"no-store")

    async def send(self, send: Send) -> None:
        headers = [
            (b"content-type", self.content_type.encode()),
            (b"content-length", str(len(self.body)).encode()),
            self.header,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


STOPPING = Page("text/plain; charset=utf-8", b"The sandbox is being stopped.", 503, (b"connection", b"close"))
NOT_ALLOWED = Page("text/plain; charset=utf-8", b"Only GET and HEAD.", 405, (b"allow", b"GET, HEAD"))


def moved(to: str) -> Page:
    """An answer that leads elsewhere."""
    return Page(HTML, b"", 302, (b"location", quote(to, safe=URL_MARKS).encode()))


class App:
    """Everything the two listeners serve. What is ours lies under `/_sandbox`; the API is served over HTTPS."""

    def __init__(self, settings: Settings, store: Store, ca: Path, ca_bundle: Path, https: str, http: str) -> None:
        self.settings = settings
        self.store = store
        self.key, self.secret = settings.pairs[0]
        self.token = settings.control_token
        if self.token is None and not guard.is_loopback(settings.host):
            self.token = secrets.token_urlsafe(24)
        self.facts = {
            "name": "sms-sandbox",
            "version": __version__,
            "https": https,
            "http": http,
            "ca": str(ca),
            "ca_bundle": str(ca_bundle),
        }
        self._ca = ca.read_bytes()
        self._ca_bundle = ca_bundle
        self._setup = TenantSetup(settings)
        self._newcomers = self._setup.create_for_unknown_key if settings.accounts == "open" else None
        self._api = Api(
            store, None if settings.allow_http else https, gate=Gate(store, self._newcomers),
            callback_hosts=settings.callback_host,
        )  # fmt: skip
        self._journal: Journal
        self._names = (*settings.cert_host, settings.host)
        self.is_alone = False
        """Whether this process does nothing else, so that what it has loaded is never looked through for garbage."""
        self._waking: asyncio.Task[tuple[Runner, Control]] | None = None

    async def start(self) -> None:
        """Make the accounts that are asked for, and what the seed file tells of, and let the timeline run.

        In a new world nothing is due, and the first reply does not wait for what runs it.
        """
        self._journal = Journal(self.store, self.settings.traffic)
        if await self.store.run(self._setup.create_missing):
            asyncio.get_running_loop().call_later(WARM_UP_AFTER, self._wake)
        else:
            await self._wake()

    def _wake(self) -> "asyncio.Future[tuple[Runner, Control]]":
        """Load the simulation and control, if nothing has yet, and let the timeline run."""
        if self._waking is None:
            self._waking = asyncio.create_task(self._set_to_work())
        return asyncio.shield(self._waking)

    async def _set_to_work(self) -> "tuple[Runner, Control]":
        # Here, since the first reply needs none of it; on a thread, so that calls are answered meanwhile.
        await asyncio.to_thread(import_module, ".control.routes", __package__)
        from .control.declare import Desk
        from .control.routes import Control
        from .simulation.callbacks.http_client import Courier
        from .simulation.runner import Runner
        from .tenants.replay import replay

        settings = self.settings
        runner = Runner(self.store, Courier(self._ca_bundle, settings.callback_host))
        desk = Desk(self.store, runner, self._journal, self._setup.defaults, self.facts, self._newcomers, replay=replay)
        control = Control(desk, self._names, self.token)
        await runner.start()
        # A thread that nobody waits for, not even at the end.
        asyncio.get_running_loop().call_later(
            WARM_UP_AFTER, Thread(target=warm_up, args=[self.is_alone], daemon=True).start
        )
        return runner, control

    async def stop(self) -> None:
        """Let what happens by itself come to rest, and calls that faults keep waiting end."""
        self._api.stop()
        await self._journal.stop()
        runner, _ = await self._wake()
        await runner.stop()

    def close(self) -> None:
        """Write what is still to be noted, if it is kept, and close the store, when nothing uses it any more."""
        if not self.store.volatile:
            self._journal.flush_at_once()
        self.store.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._serve(scope, receive, send)
        except asyncio.CancelledError:
            # The server stops and has waited for this call as long as it does; RuntimeError: it was half answered.
            with suppress(RuntimeError):
                await STOPPING.send(send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(f"{PREFIX}/"):
            _, control = await self._wake()
            await control(scope, receive, send)
        elif page := self._page(scope, path):
            await page.send(send)
        elif link := _LINK.fullmatch(path):
            await (await self._tap(scope["method"], link[1])).send(send)
        else:
            await self._api(scope, receive, send)

    def _page(self, scope: Scope, path: str) -> Page | None:
        if path == "/" and scope["scheme"] == "http":
            path = "/_sandbox"
        if path not in ("/livez", "/readyz", "/_sandbox", "/_sandbox/", "/_sandbox/ca.pem", "/_sandbox/openapi.json"):
            return None
        if scope["method"] not in ("GET", "HEAD"):
            return NOT_ALLOWED
        if path == "/livez":
            return Page("application/json", b'{"status":"alive"}')
        if path == "/readyz":
            return Page("application/json", json.dumps({"status": "ready", "version": __version__}).encode())
        if path == "/_sandbox/ca.pem":
            return Page("application/x-pem-file", self._ca)
        if path == "/_sandbox":
            return moved("/_sandbox/")
        if path == "/_sandbox/openapi.json":
            return self._description()
        try:
            guard.check(dict(scope["headers"]), "GET", self._names, None)
        except ControlError as refused:
            return Page("text/plain; charset=utf-8", refused.message.encode(), refused.status)
        from .web import status_page  # here and below, since the first reply needs none

        # Off loopback the page is for whoever can reach it, and the secret is not.
        secret = self.secret if self.token is None else None
        return Page(HTML, status_page.status(self.facts, self.key, secret, self._env_command()))

    def _description(self) -> Page:
        """The OpenAPI document of the imitated API; control has one of its own."""
        from .api import openapi

        described = openapi.document(self._api.methods.values(), __version__, self.facts["https"])
        return Page("application/json", json.dumps(described).encode())

    def _env_command(self) -> list[str]:
        """How `sms-sandbox env` finds this sandbox from any folder."""
        settings, usual = self.settings, Settings()
        command = [*program(), "env", "--certs", str(Path(self.facts["ca"]).parent)]
        port = self.facts["https"].rpartition(":")[2]
        if port != str(usual.https_port):
            command += [flag("https_port"), port]
        if settings.host != usual.host:
            command += [flag("host"), settings.host]
        if settings.account[0] != usual.account[0] and self.token is None:
            command += [flag("account"), settings.account[0]]
        return command

    async def _tap(self, method: str, code: str) -> Page:
        if method not in ("GET", "HEAD"):
            return NOT_ALLOWED
        from .simulation.inbound import link_tap
        from .store import links

        # Who asks for the head alone looks at a link, as previews do, and does not open it.
        look = method == "HEAD"
        found = await self.store.run(lambda db: links.find(db, code) if look else link_tap.tap(db, code, real_now()))
        if found is None:
            return Page("text/plain; charset=utf-8", b"There is no such link.", 404)
        if found.target is not None:
            return moved(found.target)
        from .web import status_page

        return Page(HTML, status_page.opted_out(found.msisdn) if isinstance(found, link_tap.Tap) else b"")


def program() -> list[str]:
    """How a shell runs our command: by its name where that is found, else by where it is, as after `make run`."""
    beside = Path(sys.executable).with_name("sms-sandbox")
    if shutil.which("sms-sandbox"):
        return ["sms-sandbox"]
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "sms_sandbox"]


def warm_up(is_alone: bool = False) -> None:
    """Load what the first message and the first call of each kind will need, so that they do not have to wait."""
    methods()
    import_module("aiohttp")
    numbers.to_msisdn("61491570156", numbers.region_of("Australia"))
    if is_alone:
        gc.freeze()
        gc.set_threshold(*GARBAGE)
