"""Handsets that write to a number, what the number is told to do with it, and what came of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sms_sandbox.services.new_tenant import OWN_NUMBER
from sms_sandbox.simulation.inbound import receive
from sms_sandbox.simulation.inbound.receive import Received
from sms_sandbox.store import balances, contacts, keywords, numbers, outbox, reports, tenants
from sms_sandbox.store.keywords import OPEN, Keyword
from sms_sandbox.store.paging import Paging
from tests.conftest import FreshTenant
from tests.simulation import looking
from tests.store.making import HANDSETS, NOON, seconds

ME, FRIEND, OTHER = HANDSETS[:3]
OWN_PRICE = 8_700


def write(at: FreshTenant, text: str, msisdn: str = ME, to: str | None = OWN_NUMBER, after: float = 1) -> Received:
    with at.store.begin() as db:
        tenant = tenants.read(db, at.tenant)
        assert tenant is not None
        return receive.receive(db, tenant, NOON + seconds(after), msisdn, to, text)


def options(at: FreshTenant, **settings: object) -> None:
    with at.store.begin() as db:
        numbers.change(db, at.tenant, OWN_NUMBER, settings)


def keyword(at: FreshTenant, word: str, status: str = OPEN, account: int | None = None, **more: Any) -> int:
    fields: Mapping[str, Any] = {
        "reference": "", "list_id": 0, "welcome_message": "", "members_message": "", "forward_url": "",
        "forward_sms": "", "forward_email": "", **more,
    }  # fmt: skip
    with at.store.begin() as db:
        made = keywords.new_id(db, at.tenant)
        new = Keyword(
            id=made, account=account or at.account.id, keyword=word, number=OWN_NUMBER, status=status,
            billing_date=NOON + timedelta(30), **fields,
        )  # fmt: skip
        keywords.add(db, at.tenant, new)
    return made


def sent(at: FreshTenant) -> list[tuple[str, str, str]]:
    """What went out, oldest first: sender, handset, text."""
    with at.store.begin() as db:
        found = reports.recipients_of(db, at.tenant, looking.ALL, None, None, None).rows[::-1]
    return [(each.sender, each.msisdn, each.text) for each in found]


def answers(at: FreshTenant) -> list[str]:
    return [text for _, _, text in sent(at)]


def mailed(at: FreshTenant) -> list[tuple[str, str, str, str]]:
    with at.store.begin() as db:
        found = outbox.page(db, at.tenant, Paging(1, 100)).rows[::-1]
    return [(each.kind, each.sender, each.recipient, each.body) for each in found]


def member(at: FreshTenant, on: int, msisdn: str = ME) -> str | None:
    with at.store.begin() as db:
        found = contacts.read_member(db, at.tenant, on, msisdn)
    return None if found is None else found.status


def balance(at: FreshTenant) -> int:
    with at.store.begin() as db:
        return balances.read(db, at.tenant, at.account.id)
