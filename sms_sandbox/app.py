"""The Starlette application: every address of the product, its middleware, and its lifespan."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from . import __version__
from .api.gate import Gate
from .api.http_responses import not_found_page
from .api.routes import Api, ApiRoute, failure
from .control import PREFIX, guard
from .control.error_handlers import control_failed, disconnected, no_such_path
from .domain.addresses import Urls, urls_for
from .domain.receiver import PREFIX as RECEIVER
from .domain.receiver import VERBS as RECEIVER_VERBS
from .journal.writer import JournalWriter
from .services.access import Access
from .settings import Settings, control_token, is_loopback, with_private_secret
from .store import tenants
from .store.database import Store
from .store.failures import explain_failure, is_database_failure
from .tenants.startup import TenantSetup
from .tenants.upkeep import TenantUpkeep
from .web import metrics
from .web.middleware import AnswerUnavailable, NoLoops
from .web.pages import Pages, no_such_page, not_allowed
from .web.security_headers import SecurityHeaders
from .web.sign_in import SIGN_IN, SignIn
from .web.trusted_proxy import PROXIED, TrustedProxy

if TYPE_CHECKING:
    from .simulation.runner import Runner

log = logging.getLogger(__name__)

WARM_UP_DELAY_SECONDS = 0.25
"""Pause after the start before modules load that the first reply does not need."""

LOAD_RETRY_SECONDS = 1.0
"""Pause before the simulation is loaded again after a failure."""

_READY_TIMEOUT_SECONDS = 2.0
"""Longest wait for the database when somebody asks if the sandbox is ready."""

_WARM_UP_TIMEOUT_SECONDS = 5
"""Longest wait at the stop for modules that are being loaded."""


class Addresses(Struct, frozen=True):
    """The URLs of this server, the files of its certificate authority, and where it listens."""

    https: str
    http: str
    ca: Path
    ca_bundle: Path
    listening: tuple[tuple[str, int], ...] = ()


def create_app(settings: Settings, store: Store, addresses: Addresses, *, owns_process: bool = False) -> Starlette:
    """Return the application that both listeners serve.

    With `owns_process`, nothing else runs in this process, so the garbage collector may be tuned for it. The state of
    the application holds the `sandbox` behind it. Raises SettingsError for accounts that must not be exposed.
    """
    settings = with_private_secret(settings)
    sandbox = SandboxParts(settings, store, addresses, owns_process)
    pages = sandbox.pages
    app = Starlette(
        routes=[
            ApiRoute(sandbox.api),  # /{method}.json and /{method}.xml; first, because most requests are for it
            Route("/livez", pages.livez),
            Route("/readyz", pages.readyz),
            Route(metrics.PATH, sandbox.metrics.page),
            Route("/", pages.root),
            Route("/_sandbox", pages.add_slash),
            Route("/_sandbox/", pages.page),
            Mount("/_sandbox/page", app=pages.assets),
            Route(SIGN_IN, sandbox.sign_in.answer, methods=["GET", "POST"]),
            Route("/_sandbox/sign-out", sandbox.sign_in.sign_out, methods=["POST"]),
            Route("/_sandbox/docs", pages.add_slash),
            Route("/_sandbox/docs/{path:path}", pages.docs),
            Route("/_sandbox/ca.pem", pages.ca),
            Route("/_sandbox/openapi.json", pages.api_description),
            Route(f"{RECEIVER}/{{tenant}}/{{name}}", pages.receiver, methods=RECEIVER_VERBS),
            Mount(PREFIX, app=sandbox.control),  # control.routes lists what is below
            Route("/{code:short_link}", pages.open_link),  # /TapTh.is/aB3dE5fG
        ],
        middleware=[
            *([Middleware(TrustedProxy, networks=settings.trusted_proxy)] if settings.trusted_proxy else []),
            Middleware(SecurityHeaders),
            Middleware(AnswerUnavailable, store=store),
            Middleware(NoLoops),
            Middleware(guard.Guard, hosts=settings.own_names),
        ],
        exception_handlers={404: _not_found, 405: not_allowed, ClientDisconnect: disconnected, Exception: _failed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # the real service answers 404
    app.state.sandbox = sandbox
    return app


async def _failed(request: Request, error: Exception) -> Response:
    # Starlette raises the error again after this response, and uvicorn logs it.
    return await (control_failed if request.scope["path"].startswith(f"{PREFIX}/") else failure)(request, error)


async def _not_found(request: Request, error: Exception) -> Response:
    # Starlette's Mount takes no path with a line break in it, so control never sees that one.
    path = request.scope["path"]
    ours = no_such_path if path.startswith(f"{PREFIX}/") else no_such_page
    return await (ours if path.startswith("/_sandbox/") else not_found_page)(request, error)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Run the sandbox for as long as the server accepts connections."""
    sandbox: SandboxParts = app.state.sandbox
    try:
        await sandbox.start()
        yield
    finally:
        await sandbox.stop()


class _Awake(Struct, frozen=True):
    """The parts that run once the simulation is loaded."""

    runner: "Runner"
    control: Starlette


class SandboxParts:
    """The parts behind the addresses: the imitated API, and the simulation and control, which load later."""

    def __init__(self, settings: Settings, store: Store, addresses: Addresses, owns_process: bool = False) -> None:
        self.settings = settings
        self.store = store
        self.addresses = addresses
        self.token = control_token(settings)
        self.info = {
            "name": "sms-sandbox",
            "version": __version__,
            "https": addresses.https,
            "http": addresses.http,
            "ca": str(addresses.ca),
            "ca_bundle": str(addresses.ca_bundle),
        }
        self._urls = Urls(addresses.https, addresses.http)
        self._setup = TenantSetup(settings)
        self._newcomers = self._setup.create_for_unknown_key if settings.accounts == "open" else None
        https_url = None if settings.allow_http else (lambda scope: self.urls_for(scope).https)
        self._upkeep = TenantUpkeep(store, settings.tenant_ttl)
        gate = Gate(self._newcomers, quotas=self._setup.defaults.quotas)
        self.api = Api(store, https_url, None, gate, settings.callback_host, self._upkeep.note)
        self.access = Access(self.token, self._newcomers)
        self.sign_in = SignIn(store, self.access)
        self.metrics = metrics.Metrics(store, self.api.call_times, self.access)
        self.pages = Pages(
            self.info, store, self.api.methods, self.find_failure, self.sign_in, self.urls_for, self._describe_control
        )
        self._owns_process = owns_process
        self._journal: JournalWriter
        self._waking: asyncio.Task[_Awake] | None = None
        self._warming: Thread | None = None
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Create the configured tenants, and start the timeline.

        A new database has nothing due, so there the first reply does not wait for the simulation to load.
        """
        self._journal = self.metrics.journal = JournalWriter(self.store, self.settings.traffic)
        if await self.store.run(self._setup.create_in_process):
            asyncio.get_running_loop().call_later(WARM_UP_DELAY_SECONDS, self._begin_load)
        else:
            await self._wake()

    async def control(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the control API.

        That is an application of its own, which loads together with the simulation.
        """
        awake = await self._wake()
        await awake.control(scope, receive, send)

    def urls_for(self, scope: Scope) -> Urls:
        """Return the addresses that the client of a request can use."""
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        return urls_for(self._urls, self.settings.base_url, scope["scheme"], host, PROXIED in scope)

    async def _describe_control(self) -> Mapping[str, Any]:
        """Return the OpenAPI document of control, whose modules load late."""
        routes = await asyncio.to_thread(import_module, ".control.routes", __package__)
        document: Mapping[str, Any] = routes.describe(__version__)
        return document

    def _wake(self) -> "asyncio.Future[_Awake]":
        return asyncio.shield(self._begin_load())

    def _begin_load(self) -> "asyncio.Task[_Awake]":
        if self._waking is None or self._load_error() is not None:
            self._waking = asyncio.create_task(self._load())
            self._waking.add_done_callback(self._retry_load)
        return self._waking

    def _load_error(self) -> BaseException | None:
        """Return why the simulation could not be loaded; None if it is loaded, or may still be."""
        return task.exception() if (task := self._waking) and task.done() and not task.cancelled() else None

    def _retry_load(self, _: object) -> None:
        error = self._load_error()
        if error is not None and self._ending is None:
            may_pass = isinstance(error, OSError) or is_database_failure(error)
            log.error("The simulation could not be loaded: %s", error, exc_info=None if may_pass else error)
            asyncio.get_running_loop().call_later(LOAD_RETRY_SECONDS, self._begin_load)

    async def find_failure(self) -> str | None:
        """Return why calls or the simulation do not work at the moment, in a sentence; None if they do."""
        error = self._load_error()
        if error is not None:
            return f"The simulation could not be loaded: {error}"
        try:
            await asyncio.wait_for(self.store.run(tenants.find_default), _READY_TIMEOUT_SECONDS)
        except Exception as failure:  # noqa: BLE001 (logged)
            self.store.log_failure("/readyz", failure)
            return explain_failure(failure)
        return None

    async def _load(self) -> _Awake:
        await asyncio.to_thread(import_module, ".control.routes", __package__)  # calls are answered meanwhile
        from .api.internal_call import call_internally
        from .control.declare import Context
        from .control.routes import create_control
        from .simulation.callbacks.destinations import Destinations
        from .simulation.callbacks.http_client import CallbackClient
        from .simulation.runner import Runner
        from .tenants.env_command import env_command
        from .tenants.replay import replay
        from .tenants.warm_up import warm_up

        is_exposed = not is_loopback(self.settings.host)
        destinations = Destinations(self.settings.callback_host, self.addresses.listening, is_exposed)
        runner = Runner(self.store, CallbackClient(self.addresses.ca_bundle, destinations))
        context = Context(
            self.store, runner, self._journal, self._setup.defaults, self.info, replay, self.access,
            partial(env_command, self.settings, self.addresses.https, self.addresses.ca, self.token is None),
            self.token is None, partial(call_internally, self.api), self._upkeep.note, self.urls_for,
        )  # fmt: skip
        await runner.start()
        self._upkeep.start()
        self.metrics.runner = runner
        self._warming = Thread(target=warm_up, args=[self._owns_process], daemon=True)
        asyncio.get_running_loop().call_later(WARM_UP_DELAY_SECONDS, self._warming.start)
        return _Awake(runner, create_control(context))

    def end_waits(self) -> None:
        """End the calls that faults hold back, and streams and waits of control; begin to stop the timeline.

        Callbacks under way, which a call may wait for, get a moment to end.
        """
        if self._ending is None:
            self.api.stop()
            self._journal.end_waits()
            self._ending = asyncio.create_task(self._stop_timeline())

    async def _stop_timeline(self) -> None:
        try:
            awake = await self._wake()
        except Exception:  # noqa: BLE001 (logged by then; what could not be loaded has nothing to stop)
            return
        await awake.runner.stop()
        if self._warming is not None and self._warming.is_alive():
            # The interpreter crashes if it ends while another thread loads C extensions.
            await asyncio.to_thread(self._warming.join, _WARM_UP_TIMEOUT_SECONDS)

    async def stop(self) -> None:
        """Stop the timeline, and write what is still buffered."""
        self.end_waits()
        await self._upkeep.stop()
        await self._journal.stop()
        if self._ending is not None:
            await self._ending
        if not self.store.volatile:
            self._journal.flush_after_loop()
        self.store.close()
