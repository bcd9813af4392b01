"""The monthly renewals of numbers and keywords."""

from collections.abc import Sequence

from sqlalchemy import Connection

from ..services import monthly_billing
from ..store import accounts, keywords, numbers
from ..store.tenants import Tenant
from ..store.timeline import Due


def renew_numbers(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Charge leased numbers for another month. A number that cannot be paid for goes out of service."""
    for row in rows:
        number = numbers.read(db, tenant.id, str(row.ref))
        account = accounts.read(db, tenant.id, number.account) if number and number.account else None
        if number is None or account is None or number.status != numbers.ACTIVE:
            continue
        if number.auto_renew and monthly_billing.charge_number(db, account, number, row.due):
            numbers.renew(db, tenant.id, number.number, monthly_billing.schedule_next(db, row))
        else:
            numbers.lapse(db, tenant.id, number.number)


def renew_keywords(db: Connection, tenant: Tenant, rows: Sequence[Due]) -> None:
    """Charge keywords for another month.

    A keyword closes if it cannot be paid for, or if its number is out of service.
    """
    for row in rows:
        keyword = keywords.find_by_id(db, tenant.id, row.ref)
        account = accounts.read(db, tenant.id, keyword.account) if keyword else None
        if keyword is None or account is None:
            continue
        in_service = numbers.may_send(db, tenant.id, account.id, keyword.number)
        if in_service and monthly_billing.charge_keyword(db, account, keyword, row.due):
            keywords.set_paid_until(db, tenant.id, keyword.id, monthly_billing.schedule_next(db, row))
        else:
            keywords.change(db, tenant.id, keyword.id, {"status": keywords.CLOSED})
