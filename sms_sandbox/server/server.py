"""The sandbox on its two ports: HTTPS for the API, plain HTTP for the page and control."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..app import Addresses, SandboxParts, create_app
from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, reachable_name
from ..simulation.callbacks.file_descriptors import raise_limit
from ..store.schema import open_store
from .certificates import Certificates, ensure, server_context
from .database_file import make_private
from .listening_sockets import Sockets, listen
from .outward_names import list_names
from .uvicorn_server import UvicornServer

if TYPE_CHECKING:
    from ..web.metric_exchange import MetricExchange


class Server:
    """The sandbox on its two ports, in an event loop of its own."""

    def __init__(
        self, settings: Settings, *, owns_process: bool = False, sockets: Sockets | None = None,
        exchange: "MetricExchange | None" = None,
    ) -> None:  # fmt: skip
        """Open the certificates, the sockets if there are none yet, and the store.

        With `owns_process`, nothing else runs in this process; other processes of the server answer an `exchange` of
        metrics. Raises ServerError, StoreError, CertificateError,
        SeedError, and ValueError for a name that no certificate can cover.
        """
        if owns_process:
            raise_limit()
        self._sockets = listen_on_both(settings) if sockets is None else sockets
        try:
            # After the sockets, as a host that is not here must not become a name of the certificate.
            certificates = ensure_certificates(settings)
            context = server_context(certificates)
            make_private(settings.database)
            store = open_store(settings.database)
            addresses = build_addresses(settings, self._sockets, certificates)
            try:
                app = create_app(settings, store, addresses, owns_process=owns_process)
            except BaseException:
                store.close()
                raise
        except BaseException:
            self._sockets.close()
            raise
        self.sandbox: SandboxParts = app.state.sandbox
        self.sandbox.metrics.exchange = exchange
        self.uvicorn = UvicornServer(app, self._sockets.https, context)

    def info(self, pid: int) -> ServerInfo:
        """Return what clients need to know of this server, if it runs in process `pid`."""
        sandbox = self.sandbox
        return build_info(sandbox.settings, sandbox.addresses, sandbox.token, pid)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called, or, in the main thread, until SIGINT or SIGTERM.

        Calls `on_ready` once connections are accepted. Raises what it raises, and what the start and the end of the
        sandbox raise, once everything is closed.
        """
        self.uvicorn.on_ready = on_ready
        try:
            self.uvicorn.run(sockets=list(self._sockets.http))
        finally:
            self._sockets.close()
        if self.uvicorn.error is not None:
            raise self.uvicorn.error

    def stop(self) -> None:
        """Make `run` end within about a second; any thread may call it."""
        self.uvicorn.should_exit = True


def ensure_certificates(settings: Settings) -> Certificates:
    """Create or renew the certificates if needed. Raises CertificateError and ValueError."""
    directory = Path(settings.certs)
    return ensure(directory, list_names(settings, Certificates(directory.absolute())))


def listen_on_both(settings: Settings) -> Sockets:
    """Listen on both ports. Raises ServerError."""
    https = listen(settings.host, settings.https_port, "--https-port")
    try:
        return Sockets(https, listen(settings.host, settings.http_port, "--http-port"))
    except BaseException:
        Sockets(https, ()).close()
        raise


def build_addresses(settings: Settings, sockets: Sockets, certificates: Certificates) -> Addresses:
    """Return where a server on these sockets is reached."""
    https_port, http_port = (each[0].getsockname()[1] for each in (sockets.https, sockets.http))
    name = reachable_name(settings.host)
    listening = tuple(each.getsockname()[:2] for each in (*sockets.https, *sockets.http))
    return Addresses(
        f"https://{name}:{https_port}", f"http://{name}:{http_port}", certificates.ca, certificates.ca_bundle, listening
    )


def build_info(settings: Settings, addresses: Addresses, token: str | None, pid: int) -> ServerInfo:
    """Return what clients need to know of a server."""
    key, secret = settings.pairs[0]
    base = settings.base_url
    https, http = base or addresses.https, base or addresses.http
    return ServerInfo(https, http, str(addresses.ca), str(addresses.ca_bundle), key, secret, pid, token)
