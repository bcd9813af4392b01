"""Operations on virtual numbers and keywords. The API leases and adds them."""

from ..store import keywords, numbers
from .conversion import from_units, page_info, paging_of, shape_of
from .declare import Call, operation
from .shapes import numbers as shapes
from .shapes.primitives import PageQuery


@operation("GET", "/numbers")
def list_numbers(call: Call, query: PageQuery) -> shapes.VirtualNumbers:
    """List the tenant's virtual numbers that are leased or shared, to which handsets can write."""
    page = numbers.list_in_use(call.db, call.tenant.id, paging_of(query))
    rows = [
        shape_of(
            shapes.VirtualNumber, row, account_id=row.account, price=from_units(row.price),
            forward_url=row.forward_url or None,
        )
        for row in page.rows
    ]  # fmt: skip
    return shapes.VirtualNumbers(page_info(page), rows)


@operation("GET", "/keywords")
def list_keywords(call: Call, query: shapes.KeywordFilter) -> shapes.Keywords:
    """List the keywords of the tenant, of all its accounts."""
    page = keywords.list_page(call.db, call.tenant.id, None, query.number, paging_of(query))
    rows = [
        shape_of(shapes.Keyword, row, account_id=row.account, forward_url=row.forward_url or None) for row in page.rows
    ]
    return shapes.Keywords(page_info(page), rows)


OPERATIONS = (list_numbers, list_keywords)
