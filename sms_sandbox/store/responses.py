"""Responses: replies and other inbound messages that reached an account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select

from ..domain.clock import from_micros, to_micros
from .paging import Page, Paging, fetch_page
from .statement import Statement
from .tables import members as c
from .tables import messages as m
from .tables import recipients as r
from .tables import responses as t
from .totals import Totals


class NewResponse(Struct, frozen=True):
    """A handset's message to add. `message` is 0 and `recipient` None if it is not a reply."""

    account: int
    message: int
    recipient: int | None
    list_id: int
    msisdn: str
    text: str
    longcode: str
    received_at: datetime
    is_optout: bool
    keyword: str | None = None
    keyword_id: int = 0


class Response(Struct, frozen=True):
    """A response as the account reads it. `original` is the text it replies to, as the handset got it."""

    id: int
    message: int
    list_id: int
    received_at: datetime
    first_name: str | None
    last_name: str | None
    msisdn: str
    text: str
    longcode: str
    original: str | None


class ResponseFilter(Struct, frozen=True):
    """A filter of responses. A field that is None matches all; `keywords` is both, only or omit."""

    account: int
    message: int | None = None
    keyword: str | None = None
    keyword_id: int | None = None
    number: str | None = None
    msisdn: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    keywords: str = "both"


TOTALS = Totals("response", t, t.c.received_at)

_ADD = Statement(insert(t))


def add(db: Connection, tenant: int, new: NewResponse) -> int:
    """Add a response and return its id."""
    response = TOTALS.take_id(db, tenant)
    _ADD.run(
        db,
        tenant=tenant,
        id=response,
        account=new.account,
        message=new.message,
        recipient=new.recipient,
        list_id=new.list_id,
        msisdn=new.msisdn,
        text=new.text,
        longcode=new.longcode,
        received_at=to_micros(new.received_at),
        is_optout=int(new.is_optout),
        keyword=new.keyword,
        keyword_id=new.keyword_id,
    )
    return response


_RESPONSES = (
    select(
        t.c.id, t.c.message, t.c.list_id, t.c.received_at, c.c.first_name, c.c.last_name, t.c.msisdn, t.c.text,
        t.c.longcode, r.c.text.label("own"), m.c.text.label("template"),
    )
    .outerjoin(c, and_(c.c.tenant == t.c.tenant, c.c.list_id == t.c.list_id, c.c.msisdn == t.c.msisdn))
    .outerjoin(r, and_(r.c.tenant == t.c.tenant, r.c.id == t.c.recipient))
    .outerjoin(m, and_(m.c.tenant == t.c.tenant, m.c.id == t.c.message))
)  # fmt: skip


def list_page(db: Connection, tenant: int, filter_: ResponseFilter, paging: Paging) -> Page[Response]:
    """Return a page of the responses that match, newest first."""
    # SQLite knows nothing of how many rows a value has. It would read all that the account has received.
    is_narrow = filter_.message is not None or filter_.msisdn is not None
    is_of_account = (t.c.account + 0 if is_narrow else t.c.account) == filter_.account
    conditions = [t.c.tenant == tenant, is_of_account]
    values = {
        t.c.message: filter_.message,
        t.c.keyword: filter_.keyword,
        t.c.keyword_id: filter_.keyword_id,
        t.c.longcode: filter_.number,
        t.c.msisdn: filter_.msisdn,
    }
    filters: list[ColumnElement[bool]] = [column == value for column, value in values.items() if value is not None]
    if filter_.keywords != "both":
        filters.append(t.c.keyword.is_not(None) if filter_.keywords == "only" else t.c.keyword.is_(None))
    if filter_.start is not None:
        conditions.append(t.c.received_at >= to_micros(filter_.start))
    if filter_.end is not None:
        conditions.append(t.c.received_at <= to_micros(filter_.end))
    if filters:
        conditions += filters
        total = db.scalar(select(func.count()).select_from(t).where(*conditions))
    else:
        total = TOTALS.count(db, tenant, filter_.account, filter_.start, filter_.end).total
    order = (t.c.received_at.desc(), t.c.id.desc())
    return fetch_page(db, _RESPONSES.where(*conditions), paging, _response_of, total, order)


def _response_of(row: Sequence[Any]) -> Response:
    id_, message, list_id, received_at, first_name, last_name, msisdn, text, longcode, own, template = row
    original = template if own is None else own
    return Response(
        id_, message, list_id, from_micros(received_at), first_name, last_name, msisdn, text, longcode, original
    )
