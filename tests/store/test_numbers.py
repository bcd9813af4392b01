"""Virtual numbers."""

from sms_sandbox.services import new_tenant
from sms_sandbox.store import numbers
from sms_sandbox.store.numbers import ACTIVE, Number
from sms_sandbox.store.paging import FIRST_PAGE, Paging
from tests.conftest import FreshTenant
from tests.store.example_rows import NOON


def number(digits: str, account: int | None, shared: bool = False, status: str = ACTIVE) -> Number:
    return Number(digits, account, shared, 5, True, NOON, status, "http://localhost/")


def test_a_number_is_stored_as_it_was_added(fresh: FreshTenant) -> None:
    new = number("61491570150", fresh.account.id)
    with fresh.store.begin() as db:
        numbers.add(db, fresh.tenant, [new])
        assert numbers.read(db, fresh.tenant, "61491570150") == new
        assert numbers.read(db, fresh.tenant, "61491570151") is None
        assert numbers.read(db, fresh.tenant + 1, "61491570150") is None


def test_only_its_account_may_send_from_a_number(fresh: FreshTenant) -> None:
    account = fresh.account.id
    with fresh.store.begin() as db:
        numbers.add(db, fresh.tenant, [number("1", account, status="expired"), number("2", account + 1)])
        may = {each: numbers.may_send(db, fresh.tenant, account, each) for each in ("1", "2", new_tenant.POOL[0])}
        assert may == {"1": False, "2": False, new_tenant.POOL[0]: False}
        assert numbers.may_send(db, fresh.tenant, account, new_tenant.OWN_NUMBER)
        assert numbers.may_send(db, fresh.tenant, account, new_tenant.SHARED_NUMBER)
        assert numbers.may_send(db, fresh.tenant, account + 1, new_tenant.SHARED_NUMBER)


def test_the_default_sender_is_the_accounts_number(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        assert numbers.find_sender(db, fresh.tenant, fresh.account.id, False) == new_tenant.OWN_NUMBER
        assert numbers.find_sender(db, fresh.tenant, fresh.account.id, True) == new_tenant.SHARED_NUMBER
        assert numbers.find_sender(db, fresh.tenant, fresh.account.id + 1, False) == new_tenant.SHARED_NUMBER
        assert numbers.find_sender(db, fresh.tenant + 1, fresh.account.id, False) is None


def test_numbers_are_listed_by_number(fresh: FreshTenant) -> None:
    with fresh.store.begin() as db:
        numbers.add(db, fresh.tenant, [number("61491570001", fresh.account.id)])
        owned = numbers.list_owned(db, fresh.tenant, fresh.account.id, FIRST_PAGE)
        assert [each.number for each in owned.rows] == ["61491570001", new_tenant.OWN_NUMBER]
        available = numbers.list_available(db, fresh.tenant, Paging(2, 20))
        assert ([each.number for each in available.rows], available.total) == (
            list(new_tenant.POOL[20:]),
            len(new_tenant.POOL),
        )
