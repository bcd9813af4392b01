"""Shapes of accounts."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from .primitives import PageInfo, Request, Response, check_callback_urls
from .tenants import Money, Rate

Price = Annotated[float, Meta(ge=0, le=1_000_000)]


class AccountChange(Request):
    """Settings to change; those left out stay. Null removes a URL, or sets the page size back to the profile's.

    A new balance is reached by one transaction of the difference, so that an account's transactions always add up to
    its balance.
    """

    throttle: Rate | UnsetType = UNSET
    page_size: Annotated[int, Meta(ge=1, le=100)] | UnsetType | None = UNSET
    balance: Money | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    dlr_url: str | UnsetType | None = UNSET
    reply_url: str | UnsetType | None = UNSET
    link_hits_url: str | UnsetType | None = UNSET
    suspended: bool | UnsetType = UNSET
    reseller: bool | UnsetType = UNSET
    credit_based: bool | UnsetType = UNSET
    global_optouts: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_callback_urls(self.dlr_url, self.reply_url, self.link_hits_url)


class Account(Response):
    """An account. `reseller_id`: the reseller it is a client of, or null. `credit_based`: its balance may be negative.

    `global_optouts`: an opt-out from one list holds for all its lists.
    """

    id: int
    key: str
    name: str
    currency: str
    balance: float
    price: float
    throttle: int
    page_size: int
    dlr_url: str | None
    reply_url: str | None
    link_hits_url: str | None
    suspended: bool
    reseller: bool
    reseller_id: int | None
    credit_based: bool
    global_optouts: bool


class Accounts(Response):
    """A page of accounts, oldest first."""

    page: PageInfo
    accounts: list[Account]


class ThrottleState(Response):
    """The throttle of an account. Of `limit` calls a second, `used` were made in the last one; 0 is no limit.

    While the tenant's clock is frozen, the second is one of its time. Calls without a limit are not counted.
    """

    account_id: int
    key: str
    limit: int
    used: int


class Throttles(Response):
    """A page of throttles, those of the oldest accounts first."""

    page: PageInfo
    throttles: list[ThrottleState]


class TopUp(Request):
    """Credit bought by card. `amount` is added to the balance, `fee` is the cost of the card payment."""

    amount: Annotated[float, Meta(gt=0, le=1_000_000_000)]
    fee: Annotated[float, Meta(ge=0, le=1_000_000)] = 1
