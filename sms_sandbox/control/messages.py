"""Operations on messages, their recipients and inbound messages."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from ..domain import carrier
from ..domain.carrier import PENDING, Fate
from ..domain.codes import find_codes
from ..domain.links import find_links
from ..domain.redaction import redact_url
from ..simulation.inbound import receive
from ..store import accounts, messages, recipients, reports, timeline
from ..store.reports import MessageFilter
from ..store.timeline import Plan
from .conversion import from_units, number_forms, page_info, paging_of, shape_of
from .declare import Call, LongCall, operation
from .errors import ControlError
from .shapes import messages as shapes
from .shapes.primitives import Id

NEVER = "never"

_HANDOVER_WAIT_SECONDS = 2.0
"""Longest wait until a message just sent is handed to the carrier. It spares tests a retry."""

_HANDOVER_POLL_SECONDS = 0.005
"""Pause between two checks of that."""


@operation("POST", "/inbound", status=201, is_recorded=False)
def send_inbound(call: Call, body: shapes.NewInbound) -> shapes.Inbound:
    """Send a message from a handset. It is a reply if the number wrote to the handset before, else inbound."""
    handset = body.from_.removeprefix("+")
    to = body.to.removeprefix("+") if body.to else None
    try:
        arrival = receive.receive(call.db, call.tenant, call.now, handset, to, body.text)
    except receive.UnreachableError as why:
        raise ControlError("conflict", str(why)) from why
    secret = accounts.find_secret(call.db, call.tenant.id, arrival.account)
    return shape_of(
        shapes.Inbound,
        arrival,
        response_id=arrival.response,
        account_id=arrival.account,
        message_id=arrival.message,
        to=arrival.longcode,
        callback_url=arrival.callback_url and redact_url(arrival.callback_url, secret),
    )


@operation("GET", "/messages")
def list_messages(call: Call, query: shapes.MessageFilter) -> shapes.Messages:
    """List messages, newest first."""
    where = MessageFilter(
        query.sender or None, query.status, query.text or None, number_forms(query.number), query.account, query.list,
        query.since, query.until,
    )  # fmt: skip
    page = reports.list_messages(call.db, call.tenant.id, paging_of(query), where)
    return shapes.Messages(page_info(page), _messages(call, page.rows))


@operation("GET", "/messages/{message}")
def read_message(call: Call, message: Id) -> shapes.Message:
    """Return a message by its id."""
    row = messages.read(call.db, call.tenant.id, message)
    if row is None:
        raise ControlError("not_found", f"There is no message {message}.")
    return _messages(call, [row])[0]


@operation("GET", "/recipients")
def list_recipients(call: Call, query: shapes.RecipientFilter) -> shapes.Recipients:
    """List recipients, newest first, with the text that each handset shows."""
    page = reports.list_recipients(
        call.db, call.tenant.id, paging_of(query), query.message, query.msisdn, query.status, query.sent
    )
    return shapes.Recipients(page_info(page), [_recipient(row) for row in page.rows])


@operation("PUT", "/recipients/{recipient}/fate")
async def set_fate(call: LongCall, recipient: Id, body: shapes.Fate) -> shapes.Recipient:
    """Set the status that the carrier reports for a pending recipient, and when. `never` lets the message expire."""
    give_up = time.monotonic() + _HANDOVER_WAIT_SECONDS
    while (changed := await call.transact(lambda call: _change_fate(call, recipient, body))) is None:
        if time.monotonic() > give_up:
            raise ControlError("conflict", f"Recipient {recipient} was not handed to the carrier in time; try again.")
        await asyncio.sleep(_HANDOVER_POLL_SECONDS)
    return changed


def _change_fate(call: Call, id_: int, body: shapes.Fate) -> shapes.Recipient | None:
    """Replace everything planned for the recipient, replies too, by one report.

    None if the message is not yet handed to the carrier.
    """
    recipient = recipients.read(call.db, call.tenant.id, id_)
    if recipient is None:
        raise ControlError("not_found", f"There is no recipient {id_}.")
    message = messages.read(call.db, call.tenant.id, recipient.message)
    if recipient.status != PENDING or message is None or message.status == messages.CANCELLED:
        raise ControlError("conflict", f"Recipient {id_} is not pending, so its status can't be set.")
    if message.send_at > call.now:
        raise ControlError(
            "conflict", f"The message to recipient {id_} is sent at {message.send_at:%Y-%m-%d %H:%M:%S}."
        )
    # Every recipient that was handed over has a report planned.
    if not timeline.drop(call.db, call.tenant.id, timeline.REPORT, id_):
        return None
    timeline.drop(call.db, call.tenant.id, timeline.INBOUND, id_)
    wanted = Fate(body.status, call.now - message.send_at + timedelta(seconds=body.after_seconds))
    fate = carrier.outcome(Fate(carrier.DELIVERED, None) if body.status == NEVER else wanted, message.validity)
    assert fate.after is not None
    plan = Plan(message.send_at + fate.after, timeline.REPORT, id_, {"status": fate.status})
    timeline.schedule(call.db, call.tenant.id, [plan])
    return _recipient(recipient)


def _messages(call: Call, rows: Sequence[messages.Message]) -> list[shapes.Message]:
    numbers = reports.find_single_handsets(call.db, call.tenant.id, rows)
    return [
        shape_of(
            shapes.Message, row, account_id=row.account, cost=from_units(row.cost), number=numbers.get(row.id),
            list_name=row.list_name if row.list_id else "",
        )
        for row in rows
    ]  # fmt: skip


def _recipient(row: recipients.Recipient) -> shapes.Recipient:
    codes, links = list(find_codes(row.text)), list(find_links(row.text))
    return shape_of(shapes.Recipient, row, message_id=row.message, codes=codes, links=links)


OPERATIONS = (send_inbound, list_messages, read_message, list_recipients, set_fate)
