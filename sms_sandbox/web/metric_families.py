"""The metrics as Prometheus names them, made from figures of the server's parts."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from sqlalchemy import Connection
from starlette.responses import Response

from ..domain.histogram import Histogram
from ..store import failed_events, figures
from ..store.real_time import real_now
from .metric_sources import MetricSources

_DATABASE_TIMEOUT_SECONDS = 2.0
"""Longest wait for the figures that the database has. Without them, the others are answered."""

_SECONDS_BITS = 8, 24
"""Limits of times: from 0.26 ms to 17 s, each twice the one before."""

_PIECES_BITS = 1, 6
"""Limits of pieces: from 1 to 63."""

_LATENESS_BITS = 10, 32
"""Limits of lateness: from 1 ms to an hour and more."""


class _Sample(Struct, frozen=True):
    """A sample, as one process tells it to another."""

    name: str
    labels: dict[str, str]
    value: float


class _Family(Struct, frozen=True):
    """A metric with its samples, as one process tells it to another."""

    name: str
    documentation: str
    type: str
    samples: list[_Sample]


async def respond(metrics: MetricSources, accept: str) -> Response:
    """Return the metrics of all processes, in the format that the client accepts."""
    families = collect_own(metrics)
    if metrics.exchange is not None:
        families = await _with_others(metrics, families)
    families += await _of_database(metrics)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    encode, content_type = choose_encoder(accept)
    return Response(encode(registry), headers={"content-type": content_type, "cache-control": "no-store"})


class _Collected:
    """A collector of metrics that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def collect_own(metrics: MetricSources) -> list[Metric]:
    """Return the metrics of this process."""
    return [*_families(metrics), *ProcessCollector(registry=None).collect()]


def _families(metrics: MetricSources) -> Iterator[Metric]:
    calls = CounterMetricFamily("sms_sandbox_calls", "Calls of the API.", labels=["method", "code"])
    by_method: dict[str, Histogram] = {}
    for (method, code), times in list(metrics.call_times.items()):
        calls.add_metric([method or "unknown", code], times.count)
        by_method.setdefault(method or "unknown", Histogram()).merge(times)
    yield calls
    yield _times("sms_sandbox_call_seconds", "Time from a call to its answer.", "method", by_method)

    group = metrics.store.group
    pieces = HistogramMetricFamily("sms_sandbox_transaction_pieces", "Pieces of work that a transaction carried.")
    pieces.add_metric([], _buckets(group.sizes, *_PIECES_BITS), group.sizes.total)
    yield pieces
    took = HistogramMetricFamily("sms_sandbox_transaction_seconds", "Time that a transaction took.")
    took.add_metric([], _buckets(group.times, *_SECONDS_BITS, scale=1e-6), group.times.total / 1e6)
    yield took
    waiting = "Pieces of work that wait for a transaction."
    yield GaugeMetricFamily("sms_sandbox_waiting_pieces", waiting, value=group.waiting_count)
    if pool := figures.pool_use(metrics.store.engine):
        used = GaugeMetricFamily("sms_sandbox_pool_connections", "Connections to the database.", labels=["state"])
        for state, count in pool.items():
            used.add_metric([state], count)
        yield used

    yield from _of_simulation(metrics)
    yield from _of_connections(metrics)


def _of_simulation(metrics: MetricSources) -> Iterator[Metric]:
    runner = metrics.runner
    lateness = {} if runner is None else dict(runner.lateness)
    late = "Time from the moment an event was due to its run, in real time."
    yield _times("sms_sandbox_event_lateness_seconds", late, "kind", lateness, _LATENESS_BITS)
    attempts = {} if runner is None else dict(runner.attempts.times)
    name = "sms_sandbox_callback_attempt_seconds"
    yield _times(name, "Time that a callback attempt took, by how it ended.", "outcome", attempts)
    pending = 0 if runner is None else runner.attempts.pending_count
    yield GaugeMetricFamily("sms_sandbox_callback_attempts_pending", "Callback attempts under way.", value=pending)


def _of_connections(metrics: MetricSources) -> Iterator[Metric]:
    if metrics.connections is not None:
        open_now, closed = len(metrics.connections), metrics.connections.dropped_count
        yield GaugeMetricFamily("sms_sandbox_connections", "Open connections of clients.", value=open_now)
        why = "Connections that were closed for new ones, because there were too many."
        yield CounterMetricFamily("sms_sandbox_connections_closed", why, value=closed)
    if metrics.journal is not None:
        lost = "Traffic entries that are lost, because the database could not follow."
        yield CounterMetricFamily("sms_sandbox_traffic_lost", lost, value=metrics.journal.lost_count)
        listeners = metrics.journal.listener_count
        yield GaugeMetricFamily("sms_sandbox_streams", "Open streams and waits of control.", value=listeners)


def _times(
    name: str, documentation: str, label: str, times: Mapping[str, Histogram], bits: tuple[int, int] = _SECONDS_BITS
) -> Metric:
    """Return a histogram of times that were counted in microseconds."""
    family = HistogramMetricFamily(name, documentation, labels=[label])
    for key, counted in sorted(times.items()):
        family.add_metric([key], _buckets(counted, *bits, scale=1e-6), counted.total / 1e6)
    return family


def _buckets(counted: Histogram, first: int, last: int, scale: float = 1) -> list[tuple[str, float]]:
    buckets = [(f"{limit * scale:g}", float(count)) for limit, count in counted.limits(first, last)]
    return [*buckets, ("+Inf", float(counted.count))]


async def _of_database(metrics: MetricSources) -> list[Metric]:
    """Return what the database knows, which is the same for all processes."""

    def count(db: Connection) -> tuple[int, int]:
        return figures.count_due(db, real_now()), failed_events.count(db)

    up = GaugeMetricFamily("sms_sandbox_database_up", "1 if the database answers.", value=1)
    try:
        due, failed = await asyncio.wait_for(metrics.store.run(count), _DATABASE_TIMEOUT_SECONDS)
    except Exception as failure:  # noqa: BLE001 (logged)
        metrics.store.log_failure("/metrics", failure)
        return [GaugeMetricFamily(up.name, up.documentation, value=0)]
    return [
        up,
        GaugeMetricFamily("sms_sandbox_events_due", "Events that are due and have not run yet.", value=due),
        GaugeMetricFamily("sms_sandbox_events_failed", "Events that failed, until they run again.", value=failed),
    ]


async def _with_others(metrics: MetricSources, families: list[Metric]) -> list[Metric]:
    """Return the metrics of all processes, labelled with the number of each process."""
    assert metrics.exchange is not None
    answers = await metrics.exchange.ask_others()
    families_by_process = {number: load(answer) for number, answer in answers.items() if answer}
    families_by_process[metrics.exchange.number] = families
    merged: dict[str, Metric] = {}
    up = GaugeMetricFamily("sms_sandbox_process_up", "1 if the process answers.", labels=["process"])
    for number in sorted({*answers, *families_by_process}):
        up.add_metric([str(number)], number in families_by_process)
        for family in families_by_process.get(number, ()):
            same = merged.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                same.add_sample(sample.name, {**sample.labels, "process": str(number)}, sample.value)
    return [up, *merged.values()]


def dump(families: Iterable[Metric]) -> bytes:
    """Return metrics as bytes, for another process."""
    return msgspec.json.encode(
        [
            _Family(each.name, each.documentation, each.type, [_Sample(*sample[:3]) for sample in each.samples])
            for each in families
        ]
    )


def load(data: bytes) -> list[Metric]:
    """Return the metrics that another process has dumped."""
    families = []
    for dumped in msgspec.json.decode(data, type=list[_Family]):
        family = Metric(dumped.name, dumped.documentation, dumped.type)
        for sample in dumped.samples:
            family.add_sample(sample.name, sample.labels, sample.value)
        families.append(family)
    return families
