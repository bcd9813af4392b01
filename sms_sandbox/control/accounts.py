"""Operations on accounts."""

from typing import Any

from msgspec import UNSET

from ..domain.profiles import PROFILES
from ..services import ledger
from ..store import accounts, clients, throttle
from ..store.accounts import Account
from .conversion import from_units, page_info, paging_of, shape_of, to_units
from .declare import Call, operation
from .shapes import accounts as shapes
from .shapes.primitives import PageQuery

FLAGS = ("suspended", "reseller", "credit_based", "global_optouts")


@operation("GET", "/account")
def read_account(call: Call) -> shapes.Account:
    """Return the settings of the account whose credentials are used."""
    account = accounts.read(call.db, call.tenant.id, call.account.id)
    assert account is not None
    return _shape(call, account)


@operation("PATCH", "/account")
def change_account(call: Call, body: shapes.AccountChange) -> shapes.Account:
    """Change settings of the account: throttle, balance, price per part, default callback URLs and more."""
    settings: dict[str, Any] = {
        name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET
    }
    if "balance" in settings:
        ledger.set_balance(call.db, call.account, to_units(settings.pop("balance")), call.now)
    if "price" in settings:
        settings["price"] = to_units(settings["price"])
    if "page_size" in settings:
        settings["page_size"] = settings["page_size"] or 0
    settings |= {name: int(settings[name]) for name in FLAGS if name in settings}
    if settings:
        accounts.change(call.db, call.tenant.id, call.account.id, settings)
    return read_account.run(call)  # type: ignore[no-any-return]


@operation("POST", "/account/top-up")
def top_up_account(call: Call, body: shapes.TopUp) -> shapes.Account:
    """Buy credit for the account.

    This makes two transactions: the amount with the card fee is added, then the fee is taken.
    """
    ledger.top_up(call.db, call.account, to_units(body.amount), to_units(body.fee), call.now)
    return read_account.run(call)  # type: ignore[no-any-return]


@operation("GET", "/accounts")
def list_accounts(call: Call, query: PageQuery) -> shapes.Accounts:
    """List the accounts of the tenant, oldest first: its own, and the clients of resellers."""
    page = accounts.list_page(call.db, call.tenant.id, paging_of(query))
    return shapes.Accounts(page_info(page), [_shape(call, account) for account in page.rows])


@operation("GET", "/throttles")
def list_throttles(call: Call, query: PageQuery) -> shapes.Throttles:
    """List how much of its throttle each account of the tenant uses at this moment."""
    page = accounts.list_page(call.db, call.tenant.id, paging_of(query))
    real = call.real.timestamp()
    used = [throttle.count(call.db, account, real) for account in page.rows]
    return shapes.Throttles(
        page_info(page),
        [
            shapes.ThrottleState(account.id, account.key, account.throttle, count)
            for account, count in zip(page.rows, used, strict=True)
        ],
    )


def _shape(call: Call, account: Account) -> shapes.Account:
    details = clients.read(call.db, account.tenant, account.id)
    assert details is not None
    return shape_of(
        shapes.Account,
        account,
        name=details.name,
        balance=from_units(details.balance),
        price=from_units(account.price),
        page_size=account.page_size or PROFILES[account.profile].page_size,
        reseller_id=account.parent,
        credit_based=details.credit_based,
    )


OPERATIONS = (read_account, change_account, top_up_account, list_accounts, list_throttles)
