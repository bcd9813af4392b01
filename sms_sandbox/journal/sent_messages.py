"""Messages the carrier took, a handset's copy each, looked at as entries of the journal are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from ..domain.clock import from_micros
from ..store.messages import SENT
from ..store.paging import Page, Paging, fetch
from ..store.tables import messages as m
from ..store.tables import recipients as r
from .queries import Entry, Wanted, between

MESSAGE = "message"

_TEXT = func.coalesce(r.c.text, m.c.text)
PARTS = {"from": m.c.sender, "to": r.c.msisdn, "text": _TEXT}
"""What a copy has for a request."""


def page(db: Connection, tenant: int, wanted: Wanted, paging: Paging) -> Page[Entry]:
    """Copies, newest first. Of one the `code` is the delivery state, and the `params` are PARTS; there are no rules."""
    query: Select[Any] = (
        select(r.c.id, r.c.account, r.c.message, r.c.msisdn, _TEXT, m.c.sender, r.c.sent_at, r.c.status, m.c.type)
        .join_from(r, m, and_(m.c.tenant == r.c.tenant, m.c.id == r.c.message))
        .where(r.c.tenant == tenant, m.c.status == SENT, r.c.id > wanted.after, *between(r.c.sent_at, wanted))
        .order_by(r.c.id.desc())
    )
    if wanted.numbers:
        query = query.where(or_(r.c.msisdn.in_(wanted.numbers), m.c.sender.in_(wanted.numbers)))
    if wanted.code is not None:
        query = query.where(r.c.status == wanted.code)
    if wanted.text:
        query = query.where(_TEXT.icontains(wanted.text, autoescape=True))
    for name, value in wanted.params.items():
        query = query.where(PARTS[name] == value)
    return fetch(db, query, paging, _copy_of)


def _copy_of(row: Sequence[Any]) -> Entry:
    copy, account, message, msisdn, text, sender, sent_at, status, type_ = row
    numbers = [msisdn, sender] if sender.isdigit() else [msisdn]
    request = {"from": sender, "to": msisdn, "text": text}
    return Entry(
        copy, from_micros(sent_at), MESSAGE, account, type_, numbers, status, None, "", None, message, "", "", text,
        request, "", "", (), False,
    )  # fmt: skip
