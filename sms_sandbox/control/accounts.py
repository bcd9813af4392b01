"""Accounts: the one a call comes from, and those of its tenant, clients among them."""

from decimal import Decimal
from typing import Any

from msgspec import UNSET

from ..domain import pricing
from ..domain.profiles import PROFILES
from ..services import ledger
from ..store import accounts, clients
from ..store.accounts import Account
from .declare import Call, operation
from .shapes import accounts as s
from .shapes.primitives import Slice, page_of

FLAGS = ("suspended", "reseller", "credit_based", "global_optouts")


@operation("GET", "/account")
def read_account(call: Call) -> s.AccountState:
    """The settings of the account the credentials belong to."""
    found = accounts.read(call.db, call.tenant.id, call.account.id)
    assert found is not None
    return state_of(call, found)


@operation("PATCH", "/account")
def change_account(call: Call, body: s.AccountChange) -> s.AccountState:
    """Change the account's settings: throttle, page size, balance, price per part, default callback URLs, and what
    it is: suspended, a reseller, credit-based, with opt-outs kept for all its lists."""
    settings: dict[str, Any] = {
        name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET
    }
    if "balance" in settings:
        ledger.set_balance(call.db, call.account, units(settings.pop("balance")), call.now)
    if "price" in settings:
        settings["price"] = units(settings["price"])
    if "page_size" in settings:
        settings["page_size"] = settings["page_size"] or 0
    settings |= {name: int(settings[name]) for name in FLAGS if name in settings}
    if settings:
        accounts.change(call.db, call.tenant.id, call.account.id, settings)
    return read_account.run(call)  # type: ignore[no-any-return]


@operation("POST", "/account/top-up")
def top_up_account(call: Call, body: s.TopUp) -> s.AccountState:
    """Buy credit for the account: a transaction of the amount with the card's fee, and one that takes the fee."""
    ledger.top_up(call.db, call.account, units(body.amount), units(body.fee), call.now)
    return read_account.run(call)  # type: ignore[no-any-return]


@operation("GET", "/accounts")
def list_accounts(call: Call, query: Slice) -> s.Accounts:
    """Every account of the tenant, oldest first: its own, and the clients of those that are resellers."""
    found = accounts.page(call.db, call.tenant.id, query.paging)
    return s.Accounts(page_of(found), [state_of(call, each) for each in found.rows])


def units(amount: float) -> int:
    return pricing.to_units(Decimal(str(amount)))


def state_of(call: Call, account: Account) -> s.AccountState:
    seen = clients.read(call.db, account.tenant, account.id)
    assert seen is not None
    return s.AccountState(
        id=account.id,
        key=account.key,
        name=seen.name,
        currency=account.currency,
        balance=float(pricing.from_units(seen.balance)),
        price=float(pricing.from_units(account.price)),
        throttle=account.throttle,
        page_size=account.page_size or PROFILES[account.profile].page_size,
        dlr_url=account.dlr_url,
        reply_url=account.reply_url,
        link_hits_url=account.link_hits_url,
        suspended=account.suspended,
        reseller=account.reseller,
        reseller_id=account.parent,
        credit_based=seen.credit_based,
        global_optouts=account.global_optouts,
    )


OPERATIONS = (read_account, change_account, top_up_account, list_accounts)
