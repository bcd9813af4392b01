"""Messages, their recipients, what handsets send, and the callbacks that came of it."""

import asyncio
import time
from datetime import timedelta

from ..domain import carrier, pricing
from ..domain.carrier import PENDING, Fate
from ..simulation.callbacks.queue import lane
from ..simulation.inbound import receive
from ..store import callbacks, messages, recipients, reports, timeline
from ..store.timeline import Plan
from .declare import Call, Later, operation
from .errors import ControlError
from .shapes import messages as s
from .shapes.primitives import Id, page_of

NEVER = "never"

HAND_OVER_SECONDS = 2.0
"""How long a fate waits for a message just sent to be handed to the carrier, so that a test need not."""

GLANCE_SECONDS = 0.005
"""How long between two looks at that."""


@operation("POST", "/inbound", status=201)
def send_inbound(call: Call, body: s.Inbound) -> s.InboundTaken:
    """Send a message as a handset: a reply if the number wrote to it before, else an inbound message."""
    handset = body.from_.removeprefix("+")
    to = body.to.removeprefix("+") if body.to else None
    try:
        taken = receive.receive(call.db, call.tenant, call.now, handset, to, body.text)
    except receive.UnreachableError as why:
        raise ControlError("conflict", str(why)) from why
    return s.InboundTaken(
        taken.response, taken.account, taken.message, taken.longcode, taken.is_optout, taken.callback_url
    )


@operation("GET", "/messages")
def list_messages(call: Call, query: s.MessageFilter) -> s.Messages:
    """Messages, newest first."""
    found = reports.messages_of(call.db, call.tenant.id, query.paging, query.sender, query.status, query.text)
    return s.Messages(page_of(found), [message_of(each) for each in found.rows])


@operation("GET", "/messages/{message}")
def read_message(call: Call, message: Id) -> s.Message:
    """A message by its id."""
    found = messages.read(call.db, call.tenant.id, message)
    if found is None:
        raise ControlError("not_found", f"There is no message {message}.")
    return message_of(found)


@operation("GET", "/recipients")
def list_recipients(call: Call, query: s.RecipientFilter) -> s.Recipients:
    """Recipients, newest first, with the text each handset shows."""
    found = reports.recipients_of(
        call.db, call.tenant.id, query.paging, query.message, query.msisdn, query.status, query.sent
    )
    return s.Recipients(page_of(found), [recipient_of(each) for each in found.rows])


@operation("PUT", "/recipients/{recipient}/fate")
async def set_fate(later: Later, recipient: Id, body: s.Fate) -> s.Recipient:
    """Say what the carrier reports of a recipient that is still pending, and when; `never` lets it expire."""
    give_up = time.monotonic() + HAND_OVER_SECONDS
    while (found := await later.do(lambda call: decide(call, recipient, body))) is None:
        if time.monotonic() > give_up:
            raise ControlError("conflict", f"Recipient {recipient} was not handed to the carrier in time; try again.")
        await asyncio.sleep(GLANCE_SECONDS)
    return found


def decide(call: Call, recipient: int, body: s.Fate) -> s.Recipient | None:
    """Put the wanted report in the place of all that was planned, replies of the handset too; None while the carrier is
    yet to get the message."""
    found = recipients.read(call.db, call.tenant.id, recipient)
    if found is None:
        raise ControlError("not_found", f"There is no recipient {recipient}.")
    message = messages.read(call.db, call.tenant.id, found.message)
    if found.status != PENDING or message is None or message.status == messages.CANCELLED:
        raise ControlError("conflict", f"Recipient {recipient} is not on its way, so nothing can become of it.")
    if message.send_at > call.now:
        raise ControlError("conflict", f"Recipient {recipient} is sent to at {message.send_at:%Y-%m-%d %H:%M:%S} only.")
    # Whatever is on its way has a report planned.
    if not timeline.drop(call.db, call.tenant.id, timeline.REPORT, recipient):
        return None
    timeline.drop(call.db, call.tenant.id, timeline.INBOUND, recipient)
    wanted = Fate(body.status, call.now - message.send_at + timedelta(seconds=body.after_seconds))
    fate = carrier.outcome(Fate(carrier.DELIVERED, None) if body.status == NEVER else wanted, message.validity)
    assert fate.after is not None
    plan = Plan(message.send_at + fate.after, timeline.REPORT, recipient, {"status": fate.status})
    timeline.schedule(call.db, call.tenant.id, [plan])
    return recipient_of(found)


@operation("GET", "/callbacks")
def list_callbacks(call: Call, query: s.CallbackFilter) -> s.Callbacks:
    """Callbacks, newest first, each with every try and when the next one is due."""
    found = callbacks.page(
        call.db, call.tenant.id, query.paging, event=query.event, state=query.state, message=query.message,
        msisdn=query.msisdn,
    )  # fmt: skip
    tries = callbacks.attempts_of(call.db, call.tenant.id, [each.id for each in found.rows])
    return s.Callbacks(page_of(found), [callback_of(each, tries[each.id]) for each in found.rows])


@operation("GET", "/callbacks/{callback}")
def read_callback(call: Call, callback: Id) -> s.Callback:
    """A callback by its id."""
    found = callbacks.read(call.db, call.tenant.id, callback)
    if found is None:
        raise ControlError("not_found", f"There is no callback {callback}.")
    return callback_of(found, callbacks.attempts_of(call.db, call.tenant.id, [callback])[callback])


@operation("POST", "/callbacks/{callback}/send", status=202)
def send_callback(call: Call, callback: Id) -> s.Callback:
    """Send a callback again: a waiting one now instead of when it is due, any other once more."""
    found = callbacks.read(call.db, call.tenant.id, callback)
    if found is None:
        raise ControlError("not_found", f"There is no callback {callback}.")
    if found.next_due is not None:
        timeline.retime(call.db, call.tenant.id, timeline.CALLBACK, callback, call.now)
    else:
        plan = Plan(call.now, timeline.CALLBACK, callback, {"once": True}, lane(call.tenant.id, found.url))
        timeline.schedule(call.db, call.tenant.id, [plan])
    return read_callback.run(call, callback)  # type: ignore[no-any-return]


def message_of(each: messages.Message) -> s.Message:
    return s.Message(
        id=each.id,
        account_id=each.account,
        text=each.text,
        sender=each.sender,
        send_at=each.send_at,
        status=each.status,
        list_id=each.list_id,
        recipients=each.recipients,
        parts=each.parts,
        cost=float(pricing.from_units(each.cost)),
        delivered=each.delivered,
        pending=each.pending,
        soft_bounced=each.soft_bounced,
        hard_bounced=each.hard_bounced,
        responses=each.responses,
        optouts=each.optouts,
        link_hits=each.link_hits,
    )


def recipient_of(each: recipients.Recipient) -> s.Recipient:
    return s.Recipient(
        id=each.id,
        message_id=each.message,
        msisdn=each.msisdn,
        sender=each.sender,
        text=each.text,
        sent_at=each.sent_at,
        status=each.status,
        reported_at=each.reported_at,
        optout=each.optout,
        link_hits=each.link_hits,
    )


def callback_of(each: callbacks.Callback, tries: list[callbacks.Attempt]) -> s.Callback:
    return s.Callback(
        id=each.id,
        account_id=each.account,
        event=each.event,
        url=each.url,
        signature=each.signature,
        message_id=each.message,
        msisdn=each.msisdn,
        state=each.state,
        created=each.created,
        next_due=each.next_due,
        rule=each.rule,
        tries=[
            s.Try(one.number, one.at, one.status, one.error, None if one.latency is None else one.latency / 1000,
                  one.answer)
            for one in tries
        ],
    )  # fmt: skip


OPERATIONS = (
    send_inbound, list_messages, read_message, list_recipients, set_fate, list_callbacks, read_callback, send_callback,
)  # fmt: skip
