"""Sent messages, one for each recipient, in the form of traffic entries."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from ..domain.clock import from_micros
from ..store.messages import SENT
from ..store.paging import Page, Paging, fetch_page
from ..store.tables import messages as m
from ..store.tables import recipients as r
from ..store.text import contains
from .queries import Entry, EntryFilter, time_conditions

_MESSAGE = "message"
"""The kind of these entries."""

_TEXT = func.coalesce(r.c.text, m.c.text)
PARAMS = {"from": m.c.sender, "to": r.c.msisdn, "text": _TEXT}
"""The parameters of their requests."""


def list_page(db: Connection, tenant: int, where: EntryFilter, paging: Paging) -> Page[Entry]:
    """Return a page of sent messages, newest first. The `code` is the delivery state; there are no rules."""
    query: Select[Any] = (
        select(r.c.id, r.c.account, r.c.message, r.c.msisdn, _TEXT, m.c.sender, r.c.sent_at, r.c.status, m.c.type)
        .join_from(r, m, and_(m.c.tenant == r.c.tenant, m.c.id == r.c.message))
        .where(r.c.tenant == tenant, m.c.status == SENT, r.c.id > where.after, *time_conditions(r.c.sent_at, where))
    )
    if where.numbers:
        query = query.where(or_(r.c.msisdn.in_(where.numbers), m.c.sender.in_(where.numbers)))
    if where.message is not None:
        query = query.where(r.c.message == where.message)
    if where.code is not None:
        query = query.where(r.c.status == where.code)
    if where.text:
        query = query.where(contains(db, _TEXT, where.text))
    for name, value in where.params.items():
        query = query.where(PARAMS[name] == value)
    return fetch_page(db, query, paging, _build_entry, order=(r.c.id.desc(),))


def _build_entry(row: Sequence[Any]) -> Entry:
    recipient, account, message, msisdn, text, sender, sent_at, status, type_ = row
    numbers = [msisdn, sender] if sender.isdigit() else [msisdn]
    request = {"from": sender, "to": msisdn, "text": text}
    return Entry(
        recipient, from_micros(sent_at), _MESSAGE, account, type_, numbers, status, None, "", None, message, "", "",
        text, request, "", "", (), False,
    )  # fmt: skip
