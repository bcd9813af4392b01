"""Shapes of virtual numbers and of their keywords."""

from .primitives import DateTime, PageInfo, PageQuery, Response, Text


class VirtualNumber(Response):
    """A number in use: leased by an account, or shared by all.

    `account_id` and `next_charge` are null for a shared one. `price` is for a month, without a client's margin.
    """

    number: str
    account_id: int | None
    shared: bool
    status: str
    price: float
    auto_renew: bool
    next_charge: DateTime | None
    forward_url: str | None


class VirtualNumbers(Response):
    """A page of numbers, by number."""

    page: PageInfo
    numbers: list[VirtualNumber]


class KeywordFilter(PageQuery):
    """A filter of keywords."""

    number: Text | None = None


class Keyword(Response):
    """A keyword on a number. It is in use while its `status` is open. `list_id` is 0 if it joins no list."""

    id: int
    account_id: int
    keyword: str
    number: str
    reference: str
    list_id: int
    status: str
    forward_url: str | None


class Keywords(Response):
    """A page of keywords, by name."""

    page: PageInfo
    keywords: list[Keyword]
