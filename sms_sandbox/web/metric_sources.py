"""The parts of the server that have figures for `/metrics`."""

from collections.abc import Mapping, Sized
from typing import TYPE_CHECKING, Protocol

from ..domain.histogram import Histogram
from ..store.database import Store

if TYPE_CHECKING:
    from ..simulation.runner import Runner
    from .metric_exchange import MetricExchange


class ConnectionCounts(Sized, Protocol):
    """The open connections, and how many were closed for others."""

    dropped_count: int


class JournalCounts(Protocol):
    """The writer of the traffic: how many entries it lost, and how many listen to it."""

    @property
    def lost_count(self) -> int: ...

    @property
    def listener_count(self) -> int: ...


class MetricSources:
    """The parts that have figures. Those that are loaded later are set then."""

    def __init__(self, store: Store, call_times: Mapping[tuple[str, str], Histogram]) -> None:
        self.store = store
        self.call_times = call_times
        self.runner: Runner | None = None
        """Set once the simulation is loaded."""
        self.journal: JournalCounts | None = None
        self.connections: ConnectionCounts | None = None
        self.exchange: MetricExchange | None = None
        """The other processes of the server, if there are any."""
