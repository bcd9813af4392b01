"""Operations on the tenant's clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..domain.clock import Clock
from ..simulation.advance_result import NothingDueError
from ..store import due_events, tenants
from .conversion import page_info, paging_of, shape_of
from .declare import Call, LongCall, operation
from .errors import ControlError, gone
from .shapes import clock as shapes


@operation("GET", "/clock")
def read_clock(call: Call) -> shapes.Clock:
    """Return the time that the tenant's clock shows."""
    return clock_at(call.tenant.clock, call.real)


@operation("POST", "/clock/freeze")
async def freeze_clock(call: LongCall) -> shapes.Clock:
    """Freeze the clock. What is due by then still happens; later events wait until it is advanced or resumed."""
    return await _set_clock(call, Clock.frozen)


@operation("POST", "/clock/resume")
async def resume_clock(call: LongCall) -> shapes.Clock:
    """Resume a frozen clock. It continues from the time it shows."""
    return await _set_clock(call, Clock.running)


@operation("POST", "/clock/advance")
async def advance_clock(call: LongCall, body: shapes.Advance) -> shapes.Advanced:
    """Advance the clock.

    Everything due on the way happens at its own time, callbacks and their retries too, before this call is answered.
    So do the first thousand events that other calls add during the advance. The others happen right after it, and
    `late` counts them.
    """
    return await _advance(call, body.span, body.to and body.to.astimezone(UTC))


@operation("POST", "/clock/next")
async def advance_clock_to_next(call: LongCall) -> shapes.Advanced:
    """Advance the clock to the next event.

    Everything that is due then happens, callbacks included, before this call is answered."""
    return await _advance(call, to_next=True)


@operation("GET", "/clock/due")
def list_due_events(call: Call, query: shapes.DueFilter) -> shapes.DueEvents:
    """List what is due, the next event first. An event that is due already is running, or waits for its turn."""
    page = due_events.list_page(call.db, call.tenant.id, paging_of(query), query.message)
    return shapes.DueEvents(page_info(page), [shape_of(shapes.DueEvent, row) for row in page.rows])


async def _advance(
    call: LongCall, by: timedelta | None = None, to: datetime | None = None, to_next: bool = False
) -> shapes.Advanced:
    try:
        advance = await call.context.runner.advance(call.tenant.id, by=by, to=to, to_next=to_next)
    except KeyError:
        raise gone() from None
    except NothingDueError as why:
        raise ControlError("conflict", str(why)) from why
    except (ValueError, OverflowError) as why:
        raise ControlError("invalid", str(why)) from why
    clock = await call.transact(read_clock.run)
    happened = [shapes.Event(event.at, event.kind, event.ref) for event in advance.events]
    truncated = sum(advance.counts.values()) > len(happened)
    return shapes.Advanced(
        advance.start, advance.end, clock.running, dict(advance.counts), happened, truncated, advance.late
    )


def clock_at(clock: Clock, real: datetime) -> shapes.Clock:
    """Return what the clock shows at a moment of real time."""
    return shapes.Clock(clock.now(real), not clock.is_frozen)


async def _set_clock(call: LongCall, change: Callable[[Clock, datetime], Clock]) -> shapes.Clock:
    """Change the clock as soon as no advance is moving it."""

    def in_transaction(call: Call) -> shapes.Clock:
        clock = change(call.tenant.clock, call.real)
        tenants.set_clock(call.db, call.tenant.id, clock)
        return clock_at(clock, call.real)

    async with call.context.runner.clocks.hold(call.tenant.id):
        return await call.transact(in_transaction)


OPERATIONS = (read_clock, freeze_clock, resume_clock, advance_clock, advance_clock_to_next, list_due_events)
