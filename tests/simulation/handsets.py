"""Handsets that write to a number, the number's options, and the messages it sends."""

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
from tests.simulation import queries
from tests.store.example_rows import HANDSETS, NOON, seconds

ME, FRIEND, OTHER = HANDSETS[:3]
OWN_PRICE = 8_700


def write(fresh: FreshTenant, text: str, msisdn: str = ME, to: str | None = OWN_NUMBER, after: float = 1) -> Received:
    """Send a message from a handset, some seconds after noon."""
    with fresh.store.begin() as db:
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        return receive.receive(db, tenant, NOON + seconds(after), msisdn, to, text)


def options(fresh: FreshTenant, **settings: object) -> None:
    """Set options of the account's number."""
    with fresh.store.begin() as db:
        numbers.change(db, fresh.tenant, OWN_NUMBER, settings)


def keyword(fresh: FreshTenant, word: str, status: str = OPEN, account: int | None = None, **more: Any) -> int:
    """Add a keyword to the account's number, and return its id."""
    fields: Mapping[str, Any] = {
        "reference": "", "list_id": 0, "welcome_message": "", "members_message": "", "forward_url": "",
        "forward_sms": "", "forward_email": "", **more,
    }  # fmt: skip
    with fresh.store.begin() as db:
        keyword_id = keywords.new_id(db, fresh.tenant)
        new = Keyword(
            id=keyword_id, account=account or fresh.account.id, keyword=word, number=OWN_NUMBER, status=status,
            billing_date=NOON + timedelta(30), **fields,
        )  # fmt: skip
        keywords.add(db, fresh.tenant, new)
    return keyword_id


def sent(fresh: FreshTenant) -> list[tuple[str, str, str]]:
    """Return all sent messages, oldest first, as sender, handset and text."""
    with fresh.store.begin() as db:
        rows = reports.list_recipients(db, fresh.tenant, queries.ALL, None, None, None).rows[::-1]
    return [(row.sender, row.msisdn, row.text) for row in rows]


def answers(fresh: FreshTenant) -> list[str]:
    """Return the texts of all sent messages, oldest first."""
    return [text for _, _, text in sent(fresh)]


def mailed(fresh: FreshTenant) -> list[tuple[str, str, str, str]]:
    """Return all e-mails, oldest first, as kind, sender, recipient and body."""
    with fresh.store.begin() as db:
        rows = outbox.list_page(db, fresh.tenant, Paging(1, 100)).rows[::-1]
    return [(row.kind, row.sender, row.recipient, row.body) for row in rows]


def member(fresh: FreshTenant, list_id: int, msisdn: str = ME) -> str | None:
    """Return the status of a list's member, or None."""
    with fresh.store.begin() as db:
        row = contacts.read_member(db, fresh.tenant, list_id, msisdn)
    return None if row is None else row.status


def balance(fresh: FreshTenant) -> int:
    """Return the account's balance, in units."""
    with fresh.store.begin() as db:
        return balances.read(db, fresh.tenant, fresh.account.id)
