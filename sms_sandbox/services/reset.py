"""Emptying a part of a tenant, by kind, so that what is left still fits together.

Ids are counted on, so that none is ever given twice; balances and the book of transactions stay. What is under way in
that moment finds its row gone when it ends, and leaves nothing behind.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Delete, Table, delete, select, update

from ..domain.clock import Clock
from ..journal import queries
from ..store import accounts, callbacks, imports, numbers, rules, tables, tenants
from ..store.tables import numbers as n
from ..store.tables import timeline
from ..store.tenants import Tenant
from ..store.timeline import ENLIST, INBOUND, REPORT, SEND
from ..store.unit_of_work import changed
from . import list_membership, monthly_billing, new_tenant

OTHERS_PLANS = (
    list_membership.LIST_ACTION,
    list_membership.FORGET,
    imports.KIND,
    monthly_billing.NUMBER,
    monthly_billing.KEYWORD,
)
"""What on the timeline comes of no message, response or callback."""

REFERS = {
    callbacks.KIND: tables.callbacks,
    ENLIST: tables.messages,
    SEND: tables.messages,
    REPORT: tables.recipients,
    INBOUND: tables.recipients,
    imports.KIND: tables.imports,
    monthly_billing.KEYWORD: tables.keywords,
}
"""Whose id the `ref` of a row on the timeline is; 0 is nobody's, as of what message-reply wrote."""

PARTS = (
    (tables.recipients, "message", tables.messages),
    (tables.links, "recipient", tables.recipients),
    (tables.hits, "recipient", tables.recipients),
    (tables.attempts, "callback", tables.callbacks),
    (tables.members, "list_id", tables.lists),
)
"""Rows that are a part of another one: where, by which column, and of what."""


@dataclass(frozen=True)
class Emptying:
    """A reset under way: of which tenant, at which moment of its time, and its own account."""

    db: Connection
    tenant: Tenant
    now: datetime
    owner: int

    def clear(self, *of: Table) -> None:
        """Delete every row of these tables."""
        for table in of:
            self.run(delete(table), table)

    def unplan(self, *kinds: str) -> None:
        """Take things of these kinds off the timeline."""
        self.run(delete(timeline).where(timeline.c.kind.in_(kinds)), timeline)

    def run(self, what: Delete, table: Table) -> None:
        self.db.execute(what.where(table.c.tenant == self.tenant.id))


def messages(at: Emptying) -> None:
    """Messages, their recipients, links and replies, other inbound messages, callbacks and all they have planned."""
    at.clear(tables.messages, tables.recipients, tables.links, tables.hits, tables.responses)
    at.clear(tables.callbacks, tables.attempts)
    at.run(delete(timeline).where(timeline.c.kind.not_in(OTHERS_PLANS)), timeline)


def contacts(at: Emptying) -> None:
    """Lists with their members, imports into them, and opt-outs."""
    at.clear(tables.lists, tables.members, tables.imports, tables.optouts)
    at.unplan(list_membership.LIST_ACTION, list_membership.FORGET, imports.KIND)


def numbers_(at: Emptying) -> None:
    """Numbers are those of a fresh world again; keywords go, since they stand on numbers."""
    at.clear(n)
    at.unplan(monthly_billing.NUMBER)
    keywords(at)
    new_tenant.stock(at.db, at.tenant.id, at.owner, at.now)


def keywords(at: Emptying) -> None:
    """Keywords and their renewals."""
    at.clear(tables.keywords)
    at.unplan(monthly_billing.KEYWORD)


def carrier_rules(at: Emptying) -> None:
    """Rules of the carrier."""
    at.run(delete(tables.rules).where(tables.rules.c.kind == rules.CARRIER), tables.rules)


def faults(at: Emptying) -> None:
    """Faults at the API and on callbacks."""
    at.run(delete(tables.rules).where(tables.rules.c.kind.in_((rules.API, rules.CALLBACK))), tables.rules)


def clock(at: Emptying) -> None:
    """The clock runs, and shows real time; what happened later than that stays dated so."""
    tenants.set_clock(at.db, at.tenant.id, Clock())


def mails(at: Emptying) -> None:
    """The outbox."""
    at.clear(tables.mails)


def traffic_(at: Emptying) -> None:
    """The journal."""
    queries.clear(at.db, at.tenant.id)


def clients(at: Emptying) -> None:
    """Every account but the tenant's own, with all that is theirs; numbers they lease can be leased again."""
    blank = dict.fromkeys(("forward_url", "forward_email", "forward_sms", "welcome_message", "members_message"), "")
    free = {**blank, "list_id": 0, "account": None, "status": numbers.AVAILABLE, "next_charge": None}
    theirs = (n.c.tenant == at.tenant.id, n.c.account.is_not(None), n.c.account != at.owner)
    leased = [int(number) for number in at.db.scalars(select(n.c.number).where(*theirs))]
    renewal = (timeline.c.kind == monthly_billing.NUMBER, timeline.c.ref.in_(leased))
    at.run(delete(timeline).where(*renewal), timeline)
    at.db.execute(update(n).where(*theirs).values(**free))
    for table in tables.OF_A_TENANT:
        if "account" in table.c and table not in (n, tables.traffic):
            at.run(delete(table).where(table.c.account != at.owner), table)
    at.run(delete(tables.accounts).where(tables.accounts.c.id != at.owner), tables.accounts)
    clear_orphans(at)


def clear_orphans(at: Emptying) -> None:
    """Delete what is a part of something that is gone, or planned for it."""
    for table, column, whole in PARTS:
        there = select(whole.c.id).where(whole.c.tenant == at.tenant.id)
        at.run(delete(table).where(table.c[column].not_in(there)), table)
    for kind, whole in REFERS.items():
        there = select(whole.c.id).where(whole.c.tenant == at.tenant.id)
        gone = (timeline.c.kind == kind, timeline.c.ref != 0, timeline.c.ref.not_in(there))
        at.run(delete(timeline).where(*gone), timeline)


KINDS: Mapping[str, Callable[[Emptying], None]] = {
    "clock": clock,
    "clients": clients,
    "messages": messages,
    "contacts": contacts,
    "numbers": numbers_,
    "keywords": keywords,
    "rules": carrier_rules,
    "faults": faults,
    "mails": mails,
    "traffic": traffic_,
}
"""What can be emptied, in the order it is done."""


def reset(db: Connection, tenant: Tenant, kinds: Collection[str], real: datetime) -> None:
    """Empty what these kinds name; calls that are under way are waited for, and what they did is emptied, too."""
    changed(db)
    tenants.hold(db, tenant.id)
    owner = accounts.first_of(db, tenant.id)
    assert owner is not None
    now = (Clock() if "clock" in kinds else tenant.clock).now(real)
    at = Emptying(db, tenant, now, owner.id)
    for kind, empty in KINDS.items():
        if kind in kinds:
            empty(at)
