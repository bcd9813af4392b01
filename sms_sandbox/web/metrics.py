"""`/metrics`: the figures of the server for Prometheus, of all its processes in one answer.

A call only adds to whole numbers. Everything that costs more is done when somebody asks.
"""

import asyncio
from collections.abc import Mapping, Sized
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ..domain.histogram import Histogram
from ..services.access import TOKEN_HEADER, Access, AccessError, Given
from ..store.database import Store

if TYPE_CHECKING:
    from ..simulation.runner import Runner
    from .metric_exchange import MetricExchange

PATH = "/metrics"


class ConnectionCounts(Sized, Protocol):
    """The open connections, and how many were closed for others."""

    dropped_count: int


class JournalCounts(Protocol):
    """The writer of the traffic: how many entries it lost, and how many listen to it."""

    @property
    def lost_count(self) -> int: ...

    @property
    def listener_count(self) -> int: ...


class Metrics:
    """The parts of the server that have figures, and the page that shows them."""

    def __init__(self, store: Store, call_times: Mapping[tuple[str, str], Histogram], access: Access) -> None:
        self.store = store
        self.call_times = call_times
        self.runner: Runner | None = None
        """Set once the simulation is loaded."""
        self.journal: JournalCounts | None = None
        self.connections: ConnectionCounts | None = None
        self.exchange: MetricExchange | None = None
        """The other processes of the server, if there are any."""
        self._access = access

    async def page(self, request: Request) -> Response:
        """Answer a scrape. Where control needs a token, this does, too."""
        try:
            self._check_token(request)
        except AccessError as refusal:
            status = 429 if refusal.code == "too_many" else 401
            why = f"{refusal.message} {PATH} takes the operator's token as `Authorization: Bearer TOKEN`, too."
            return PlainTextResponse(why, status, {"www-authenticate": "Bearer"})
        await asyncio.to_thread(import_module, ".metric_families", __package__)  # so that calls are answered meanwhile
        from . import metric_families

        return await metric_families.respond(self, request.headers.get("accept", ""))

    def _check_token(self, request: Request) -> None:
        """Raise AccessError unless the request brings the operator's token, if one is needed."""
        if self._access.token is None:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.headers.get(TOKEN_HEADER, "")
        given = Given(token=token, address=request.client.host if request.client else "")
        self._access.check_given(given)
        try:
            self._access.check_token(token)
        except AccessError:
            self._access.note_failure(given)
            raise

    async def start(self) -> None:
        """Begin to answer the other processes."""
        if self.exchange is not None:
            await self.exchange.start(self._own_figures)

    async def _own_figures(self) -> bytes:
        await asyncio.to_thread(import_module, ".metric_families", __package__)
        from . import metric_families

        return metric_families.dump(metric_families.collect_own(self))

    def stop(self) -> None:
        """Stop answering the other processes."""
        if self.exchange is not None:
            self.exchange.stop()
