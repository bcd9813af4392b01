"""`/metrics`: the figures of the server for Prometheus, of all its processes in one answer.

A call only adds to whole numbers. Everything that costs more is done when somebody asks.
"""

import asyncio
from collections.abc import Mapping
from importlib import import_module

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ..domain.histogram import Histogram
from ..services.access import TOKEN_HEADER, Access, AccessError, Given
from ..store.database import Store
from .metric_sources import MetricSources

PATH = "/metrics"


class Metrics(MetricSources):
    """The parts of the server that have figures, and the page that shows them."""

    def __init__(self, store: Store, call_times: Mapping[tuple[str, str], Histogram], access: Access) -> None:
        super().__init__(store, call_times)
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
