"""Callback attempts: their limits of concurrency, how each begins, and the record of its outcome."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace
from sqlalchemy import Connection

from ...domain.callbacks import next_wait
from ...domain.histogram import Histogram
from ...store import callbacks, timeline
from ...store.callbacks import Outcome, Target
from ...store.database import Store
from ...store.failures import is_database_failure
from ...store.tenants import Tenant
from ...store.timeline import Due, Full, Plan
from ...store.unit_of_work import mark_as_event
from ..events import MAX_WEIGHT, weight
from ..traffic_entries import record_attempt
from . import fault_injection, http_client
from .file_descriptors import ExhaustedError, callback_share
from .http_client import CallbackClient, CallbackRequest
from .shares import Shares

log = logging.getLogger(__name__)

DESCRIPTOR_WAIT_SECONDS = 0.05
"""Pause before an attempt that found no file descriptor is made again."""

STOP_TIMEOUT_SECONDS = 1.0
"""Time that pending attempts have to end when the server stops."""


class Attempts:
    """The pending attempts of this process.

    `on_end` is called when an attempt ends; `record_ended` then writes its outcome to the database.
    """

    def __init__(self, store: Store, client: CallbackClient, on_end: Callable[[], None]) -> None:
        self._store = store
        self._client = client
        self._on_end = on_end
        self._connections = asyncio.Semaphore(callback_share())  # a duplicate needs two
        self._pending: dict[int, set[asyncio.Task[None]]] = {}
        self._shares = Shares()
        self._ended: list[tuple[Outcome, datetime]] = []
        self._recording = asyncio.Lock()
        self.times: defaultdict[str, Histogram] = defaultdict(Histogram)
        """Times of attempts in microseconds, by their outcome."""

    @property
    def pending_count(self) -> int:
        """Return the number of attempts that are under way."""
        return sum(map(len, self._pending.values()))

    @property
    def room(self) -> int:
        """Return the number of attempts that may still be started."""
        return self._shares.free

    @property
    def full(self) -> Full:
        """Return the lanes and the tenants for which no attempt may be started."""
        return Full(self._shares.full_lanes, self._shares.full_tenants)

    @property
    def any_ended(self) -> bool:
        """True if there are outcomes to record."""
        return bool(self._ended)

    def select(self, rows: Sequence[Due]) -> Iterator[Due]:
        """Yield the rows that one transaction should run, without callbacks whose lanes are full."""
        total, shares = 0, self._shares.copy()
        for row in rows:
            if row.lane and not shares.may_begin(row.tenant, row.lane):
                continue
            row_weight = weight(row)
            total += row_weight
            if total > MAX_WEIGHT and total != row_weight:
                return
            if row.lane:
                shares.begin(row.tenant, row.lane)
            yield row

    def start(self, requests: Sequence[CallbackRequest], in_real_time: bool) -> None:
        """Start attempts. In real time, an attempt also takes time on its tenant's clock."""
        for request in requests:
            self._shares.begin(request.tenant, request.lane)
            task = asyncio.create_task(self._attempt(request, in_real_time))
            self._pending.setdefault(request.tenant, set()).add(task)
            task.add_done_callback(partial(self._remove, request.tenant))

    def _remove(self, tenant: int, task: "asyncio.Task[None]") -> None:
        self._pending[tenant].discard(task)
        if not self._pending[tenant]:
            del self._pending[tenant]

    async def _attempt(self, request: CallbackRequest, in_real_time: bool) -> None:
        outcome = None
        try:
            outcome = await self._send(request)
        except Exception as error:
            log.exception("A callback attempt failed because of an error in the sandbox.")
            outcome = Outcome(
                request.tenant, request.callback, request.number, request.began, request.at, None,
                f"failed here: {error}", 0, "",
            )  # fmt: skip
        finally:
            timed_out = outcome is not None and outcome.latency >= http_client.ATTEMPT_TIMEOUT_SECONDS * 1_000_000
            self._shares.end(request.tenant, request.lane, timed_out)
        self.times[_ending(outcome)].add(outcome.latency)
        took = timedelta(microseconds=outcome.latency) if in_real_time else timedelta()
        self._ended.append((outcome, request.at + took))
        self._on_end()

    async def _send(self, request: CallbackRequest) -> Outcome:
        """Send a request, twice if it is a duplicate, and return the first outcome. An error names the fault."""
        if request.duplicate:
            outcome, _ = await asyncio.gather(self._send_once(request), self._send_once(request))
        else:
            outcome = await self._send_once(request)
        if outcome.error and request.rule:
            return replace(outcome, error=f"{outcome.error} ({request.rule})")
        return outcome

    async def _send_once(self, request: CallbackRequest) -> Outcome:
        """Send a request. If no file descriptor is left, the receiver can't help it, so the attempt waits for one."""
        while True:
            with suppress(ExhaustedError):
                async with self._connections:
                    return await self._client.send(request)
            await asyncio.sleep(DESCRIPTOR_WAIT_SECONDS)

    async def finish(self, tenant: int) -> bool:
        """Wait for a tenant's pending attempts and record them. True if there were any."""
        waited = False
        while pending := self._pending.get(tenant):
            waited = True
            await asyncio.wait(list(pending))
        await self.record_ended()
        return waited

    async def record_ended(self) -> None:
        """Record the outcomes of all attempts that have ended. If the database fails, keep them for the next call."""
        async with self._recording:  # so that outcomes another caller is recording are recorded, too, on return
            ended, self._ended = self._ended, []
            if not ended:
                return
            try:
                await self._record(ended)
            except Exception:
                self._ended = [*ended, *self._ended]
                raise
            self._store.reports.send({outcome.tenant for outcome, _ in ended})

    async def _record(self, ended: "list[tuple[Outcome, datetime]]") -> None:
        """Record outcomes together, or one by one if that fails. Leaves in `ended` those not recorded yet."""
        try:
            await self._store.run(partial(record_outcomes, ended=list(ended)))
        except Exception as error:
            if is_database_failure(error):
                raise
        else:
            return
        for outcome in list(ended):
            try:
                await self._store.run(partial(record_outcomes, ended=[outcome]))
            except Exception as error:
                if is_database_failure(error):
                    raise
                # Its next attempt is on the timeline already, so the callback is sent again.
                log.exception("The outcome of a callback attempt could not be recorded.")
            ended.remove(outcome)

    async def stop(self) -> None:
        """Give pending attempts a moment to end, cancel the rest, and record the outcomes."""
        pending = [task for tasks in self._pending.values() for task in tasks]
        if pending:
            _, late = await asyncio.wait(pending, timeout=STOP_TIMEOUT_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self.record_ended()
        except Exception as error:  # noqa: BLE001 (these callbacks are sent again)
            self._store.log_error("The recording of callback attempts, which will be sent again,", error)
        await self._client.close()


def _ending(outcome: Outcome) -> str:
    """Return in one word how an attempt ended."""
    if outcome.error is None:
        return "delivered"
    if outcome.status is not None:
        return "status"
    if outcome.error.startswith("refused"):
        return "forbidden"
    return "timeout" if outcome.error.startswith("timed out") else "unreachable"


def begin_attempts(
    db: Connection, tenant: Tenant, rows: Sequence[Due], real: datetime | None, targets: dict[tuple[int, int], Target]
) -> list[CallbackRequest]:
    """Schedule the next attempts of callbacks, and begin those that are due.

    `targets` are the callbacks, by tenant and id, as they were read; it gets their new numbers of attempts.

    The next attempt is scheduled first, so that a crash can repeat an attempt but never lose one. With `real`, attempts
    are made now, however late they are; without, at the moments when they were due. Callbacks that are gone have no
    request, nor have attempts that a fault drops or delays.
    """
    return [request for row in rows if (request := _begin_attempt(db, tenant, row, real, targets))]


def _begin_attempt(
    db: Connection, tenant: Tenant, row: Due, real: datetime | None, targets: dict[tuple[int, int], Target]
) -> CallbackRequest | None:
    at = row.due if real is None else max(row.due, tenant.clock.now(real))
    fault = fault_injection.find_fault(db, tenant, row, at)
    if fault and fault.wait:
        delayed = Plan(at + fault.wait, timeline.CALLBACK, row.ref, {**row.data, **fault.data}, row.lane)
        timeline.schedule(db, tenant.id, [delayed])
        return None
    key = (tenant.id, row.ref)
    if key not in targets:
        return None
    target = targets[key] = callbacks.begin_attempt(db, tenant.id, targets[key], at)
    number, began = target.attempts, target.began
    wait = None if row.data.get("once") else next_wait(number)
    if wait is not None:
        timeline.schedule(db, tenant.id, [Plan(at + wait, timeline.CALLBACK, row.ref, lane=row.lane)])
    request = CallbackRequest(tenant.id, row.ref, number, began, target.url, target.signature, at, row.lane)
    if fault is None:
        return request
    if fault.effect == "drop":
        dropped = Outcome(tenant.id, row.ref, number, began, at, None, f"dropped by {fault.name}", 0, "")
        record_outcomes(db, [(dropped, at)])
        return None
    return fault_injection.apply_fault(db, fault, request)


def record_outcomes(db: Connection, ended: Sequence[tuple[Outcome, datetime]]) -> None:
    """Record the outcomes of attempts, each with the moment it ended.

    After a success the next attempt is cancelled. After a failure its wait begins when the attempt ended.
    """
    mark_as_event(db)
    timeline.lock_clocks(db, (outcome.tenant for outcome, _ in ended))
    attempted = callbacks.find_attempted(db, [outcome for outcome, _ in ended])
    known = [each for each in ended if (each[0].tenant, each[0].callback, each[0].number) in attempted]
    for outcome, _ in known:
        record_attempt(db, outcome, attempted[outcome.tenant, outcome.callback, outcome.number])
    # Failures come first, because each has to read the timeline. What only writes is then written together.
    for outcome, ended_at in known:
        if outcome.error is not None:
            _record_failure(db, outcome, ended_at)
    for outcome, _ in known:
        callbacks.end_attempt(db, outcome)
        if outcome.error is None:
            timeline.drop_later(db, outcome.tenant, timeline.CALLBACK, outcome.callback)
            callbacks.set_state(db, outcome.tenant, outcome.callback, callbacks.DELIVERED)


def _record_failure(db: Connection, outcome: Outcome, ended_at: datetime) -> None:
    wait = next_wait(outcome.number)
    if timeline.find_due(db, outcome.tenant, timeline.CALLBACK, outcome.callback) is None:
        callbacks.set_state(db, outcome.tenant, outcome.callback, callbacks.GIVEN_UP)
    elif wait is not None:
        timeline.reschedule(db, outcome.tenant, timeline.CALLBACK, outcome.callback, ended_at + wait)
