"""Virtual numbers: get-numbers."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, NotRequired, TypedDict

from ...domain import pricing
from ...store import numbers
from ...store.numbers import Number
from ...store.paging import FIRST_PAGE, PageInfo
from ..declare import Call, method
from ..params import Pages, Text


class Available(TypedDict):
    number: str
    price: Decimal


class Owned(Available):
    auto_renew: bool
    next_charge: date | None
    status: str


class Numbers(TypedDict):
    page: PageInfo
    numbers_total: int
    filter: str
    numbers: NotRequired[list[Owned] | list[Available]]


@method("Numbers")
def get_numbers(
    call: Call,
    filter: Annotated[str, Text("`owned` or `available`.")] = "owned",
    paging: Pages = FIRST_PAGE,
) -> Numbers:
    """The numbers an account leases, or with any other filter those it could lease. The filter is echoed."""
    mine = filter == "owned"
    if mine:
        found = numbers.owned(call.db, call.tenant, call.account.id, paging)
    else:
        found = numbers.available(call.db, call.tenant, paging)
    reply: Numbers = {"page": found.info, "numbers_total": found.total, "filter": filter}
    if found.rows:
        reply["numbers"] = [owned(each) for each in found.rows] if mine else [available(each) for each in found.rows]
    return reply


def available(each: Number) -> Available:
    return {"number": each.number, "price": pricing.from_units(each.price)}


def owned(each: Number) -> Owned:
    return {
        **available(each),
        "auto_renew": each.auto_renew,
        "next_charge": each.next_charge.date() if each.next_charge else None,
        "status": each.status,
    }


METHODS: tuple[Any, ...] = (get_numbers,)
