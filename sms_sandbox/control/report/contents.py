"""The contents of a report: the answers of control's own operations, up to a limit of each."""

from typing import Any

from msgspec import Struct

from .. import accounts, callbacks, clock, handsets, messages, tenants, traffic
from ..declare import Call
from ..shapes.accounts import Account
from ..shapes.callbacks import CallbackFilter, Callbacks
from ..shapes.clock import DueEvents, DueFilter
from ..shapes.handsets import Handset, HandsetFilter, HandsetTexts
from ..shapes.messages import MessageFilter, Messages, RecipientFilter
from ..shapes.primitives import CURRENT, PageQuery
from ..shapes.tenants import Tenant
from ..shapes.traffic import Traffic, TrafficQuery

STATUSES = ("delivered", "pending", "soft-bounce", "hard-bounce")

MAX_HANDSETS = 24
MAX_TEXTS = 100
"""Most texts of a handset; the newest."""

MAX_CALLBACKS = 200
MAX_ENTRIES = 500
_MAX_MESSAGES = 1000
MAX_DUE = 10


class Phone(Struct, frozen=True):
    """A handset and its newest texts."""

    handset: Handset
    texts: HandsetTexts


class Contents(Struct, frozen=True):
    """Everything that a report tells.

    `handset_count` and `recipients` (sent copies of messages, by status) count those that are left out, too.
    """

    version: str
    tenant: Tenant
    account: Account
    messages: Messages
    recipients: dict[str, int]
    phones: list[Phone]
    handset_count: int
    callbacks: Callbacks
    traffic: Traffic
    due: DueEvents


def gather(call: Call) -> Contents:
    """Read the contents of a tenant's report."""
    page = handsets.list_handsets.run(call, HandsetFilter(max=MAX_HANDSETS))
    return Contents(
        version=call.context.info["version"],
        tenant=tenants.read_tenant.run(call, CURRENT),
        account=accounts.read_account.run(call),
        messages=messages.list_messages.run(call, MessageFilter(max=_MAX_MESSAGES)),
        recipients={status: _count_recipients(call, status) for status in STATUSES},
        phones=[_phone(call, handset) for handset in page.handsets],
        handset_count=page.page.total,
        callbacks=callbacks.list_callbacks.run(call, CallbackFilter(max=MAX_CALLBACKS)),
        traffic=traffic.list_traffic.run(call, TrafficQuery(max=MAX_ENTRIES)),
        due=clock.list_due_events.run(call, DueFilter(max=MAX_DUE)),
    )


def _count_recipients(call: Call, status: Any) -> int:
    page = messages.list_recipients.run(call, RecipientFilter(status=status, sent=True, max=1))
    return int(page.page.total)


def _phone(call: Call, handset: Handset) -> Phone:
    return Phone(handset, handsets.list_handset_texts.run(call, handset.number, PageQuery(max=MAX_TEXTS)))
