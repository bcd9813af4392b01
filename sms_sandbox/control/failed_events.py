"""Operations on events that failed because of an error in the sandbox: list them, run them again."""

from ..store import failed_events
from .conversion import page_info, paging_of, shape_of
from .declare import Call, operation
from .errors import ControlError
from .shapes import failed_events as shapes
from .shapes.primitives import Id, PageQuery


@operation("GET", "/failed-events")
def list_failed_events(call: Call, query: PageQuery) -> shapes.FailedEvents:
    """List the events that failed because of an error in the sandbox, newest first.

    They did not happen. An event that waits because the database fails is not among them: it happens when the database
    works again.
    """
    page = failed_events.list_page(call.db, call.tenant.id, paging_of(query))
    return shapes.FailedEvents(page_info(page), [shape_of(shapes.FailedEvent, row) for row in page.rows])


@operation("POST", "/failed-events/{event}/run", status=202)
def run_failed_event(call: Call, event: Id) -> shapes.FailedEvent:
    """Run a failed event again at once, as at the time when it was due.

    If it fails again, it gets another id.
    """
    row = failed_events.read(call.db, call.tenant.id, event)
    if row is None:
        raise ControlError("not_found", f"There is no failed event {event}.")
    failed_events.run_again(call.db, call.tenant.id, row)
    return shape_of(shapes.FailedEvent, row)


OPERATIONS = (list_failed_events, run_failed_event)
