"""The sandbox on its two ports: HTTPS for the API, plain HTTP for the page and control."""

import socket
from collections.abc import Callable
from pathlib import Path

from ..app import Addresses, Sandbox, create_app
from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, reachable_name
from ..simulation.callbacks.file_descriptors import raise_limit
from ..store.schema import open_store
from . import certificates as tls
from .database_file import make_private
from .listening_sockets import listen
from .uvicorn_server import UvicornServer


class Server:
    """The sandbox on its two ports, in an event loop of its own."""

    def __init__(self, settings: Settings, *, owns_process: bool = False) -> None:
        """Open the certificates, the sockets and the store.

        With `owns_process`, nothing else runs in this process. Raises ServerError, StoreError, CertificateError,
        SeedError, and ValueError for a name that no certificate can cover.
        """
        if owns_process:
            raise_limit()
        self._https: list[socket.socket] = []
        self._http: list[socket.socket] = []
        try:
            certificates = tls.ensure(Path(settings.certs), settings.cert_host)
            context = tls.server_context(certificates)
            self._https = listen(settings.host, settings.https_port, "--https-port")
            self._http = listen(settings.host, settings.http_port, "--http-port")
            https_port, http_port = (sockets[0].getsockname()[1] for sockets in (self._https, self._http))
            make_private(settings.database)
            store = open_store(settings.database)
            name = reachable_name(settings.host)
            listening = tuple(each.getsockname()[:2] for each in (*self._https, *self._http))
            addresses = Addresses(
                f"https://{name}:{https_port}", f"http://{name}:{http_port}", certificates.ca, certificates.ca_bundle,
                listening,
            )  # fmt: skip
            try:
                app = create_app(settings, store, addresses, owns_process=owns_process)
            except BaseException:
                store.close()
                raise
        except BaseException:
            self._close_sockets()
            raise
        self.sandbox: Sandbox = app.state.sandbox
        self._uvicorn = UvicornServer(app, self._https, context)

    def info(self, pid: int) -> ServerInfo:
        """Return what clients need to know of this server, if it runs in process `pid`."""
        sandbox, addresses = self.sandbox, self.sandbox.addresses
        return ServerInfo(
            addresses.https, addresses.http, str(addresses.ca), str(addresses.ca_bundle), sandbox.key, sandbox.secret,
            pid, sandbox.token,
        )  # fmt: skip

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until `stop` is called, or, in the main thread, until SIGINT or SIGTERM.

        Calls `on_ready` once connections are accepted. Raises what it raises, and what the start and the end of the
        sandbox raise, once everything is closed.
        """
        self._uvicorn.on_ready = on_ready
        try:
            self._uvicorn.run(sockets=self._http)
        finally:
            self._close_sockets()
        if self._uvicorn.error is not None:
            raise self._uvicorn.error

    def stop(self) -> None:
        """Make `run` end within about a second; any thread may call it."""
        self._uvicorn.should_exit = True

    def _close_sockets(self) -> None:
        for each in (*self._https, *self._http):
            each.close()
