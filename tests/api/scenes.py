"""A tenant with data of every kind."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sms_sandbox.services.new_tenant import OWN_NUMBER, POOL
from sms_sandbox.simulation.inbound import link_tap
from sms_sandbox.store import accounts, contacts, numbers
from sms_sandbox.store.accounts import NewAccount
from tests.api.clients import CLUB, GYM
from tests.api.tenant_setup import OTHER, OTHERS_SECRET, add_other_account, advance, reply, set_account
from tests.conftest import Caller, FreshTenant

TO = "61491570156"
STOPPED, THANKFUL, DELETED, LINGERING = "61491570151", "61491570152", "61491570153", "61491570154"
LATER = "2999-01-01"
MAILER = "desk@example.com"
LAPSED_NUMBER = POOL[0]
CLIENTS_SECRET = "clients-secret"
FILE = "https://a.example/contacts.csv"


@dataclass(frozen=True)
class Scene:
    """The ids of the data. `foreign` data belongs to another account."""

    sent: int
    clicked: int
    scheduled: int
    foreign: int
    crowd: int
    rich: int
    bare: int
    empty: int
    automatic: int
    imported: int
    foreign_list: int
    account: int
    client: int
    open_client: int
    foreign_account: int
    transaction: int
    foreign_transaction: int
    clients_key: str
    """The key of the client, which has no data and is no reseller."""


def build_scene(fresh: FreshTenant) -> Scene:
    call = Caller(fresh.store)
    automatic = _keywords(call, fresh)
    crowd = call.ok("add-list", name="crowd")["id"]
    rich = call.ok("add-list", name="rich", field_1="Email", field_3="Post Code")["id"]
    bare = call.ok("add-list", name="bare")["id"]
    for number in range(61491570150, 61491570158):
        call.ok("add-to-list", list_id=crowd, msisdn=number, first_name="First", last_name="Last")
    call.ok("add-to-list", list_id=rich, msisdn=TO, field_3="06000")
    call.ok("add-to-list", list_id=bare, msisdn=TO)
    link = {"message": "Hi [firstname] [tracked-link]", "tracked_link_url": "https://a.example"}
    sent = call.ok("send-sms", list_id=crowd, **link)["message_id"]
    clicked = call.ok("send-sms", to=TO, **link)["message_id"]
    advance(fresh, seconds=2)
    reply(fresh, STOPPED, "stop")
    reply(fresh, THANKFUL, "thanks")
    reply(fresh, TO, "of course")
    reply(fresh, "61491570159", "0042", to=OWN_NUMBER)
    reply(fresh, "61491570159", "open please", to=OWN_NUMBER)
    _click(call, fresh, sent, THANKFUL)
    _click(call, fresh, clicked, TO)
    call.ok("cancel-sms", id=call.ok("send-sms", to=TO, message="never", send_at=LATER)["message_id"])
    call.ok("add-email", email=MAILER)
    call.ok("lease-number", number=LAPSED_NUMBER)
    with fresh.store.begin() as db:
        contacts.deactivate_member(db, fresh.tenant, crowd, DELETED, contacts.DELETED)
        numbers.lapse(db, fresh.tenant, LAPSED_NUMBER)
    client = call.ok("add-client", **GYM, api_secret=CLIENTS_SECRET)
    call.ok("add-client", **CLUB)
    foreign_account = add_other_account(fresh).id
    other = Caller(fresh.store, OTHER, OTHERS_SECRET)
    return Scene(
        sent=sent,
        clicked=clicked,
        scheduled=call.ok("send-sms", message="later", to=TO, send_at=LATER)["message_id"],
        foreign=other.ok("send-sms", message="theirs", to=TO)["message_id"],
        crowd=crowd,
        rich=rich,
        bare=bare,
        empty=call.ok("add-list", name="empty")["id"],
        automatic=automatic,
        imported=call.ok("add-contacts-bulk", name="imported", file_url=FILE)["list_id"],
        foreign_list=other.ok("add-list", name="theirs")["id"],
        account=fresh.account.id,
        client=client["id"],
        open_client=_without_secret(fresh),
        foreign_account=foreign_account,
        transaction=_charge(call, fresh.account.id),
        foreign_transaction=_charge(other, foreign_account),
        clients_key=client["apikey"],
    )


def _keywords(call: Caller, fresh: FreshTenant) -> int:
    """Add a keyword closed for lack of money, and an open one. Return the list of the open one."""
    set_account(fresh, balance=2_500_000 + 500_000)  # a month of the number, and one of the keyword
    call.ok("add-keyword", keyword="CLOSED", number=OWN_NUMBER)
    set_account(fresh, balance=2_500_000)
    advance(fresh, days=32)
    set_account(fresh, balance=10_000_000)
    new = call.ok("add-keyword", keyword="OPEN", number=OWN_NUMBER, welcome_message="hi", reference="0042")
    return int(new["list_id"])


def _click(call: Caller, fresh: FreshTenant, message: int, msisdn: str) -> None:
    """Open the link at the end of a handset's message."""
    text = call.ok("get-message-log", message_id=message, mobile=msisdn)["message"]
    with fresh.store.begin() as db:
        assert link_tap.open_link(db, text[-8:], datetime.now(UTC))


def _without_secret(fresh: FreshTenant) -> int:
    """Add a client without a secret."""
    new = NewAccount("open-key", None, name="Open", email="open@example.com", reseller=False, parent=fresh.account.id)
    with fresh.store.begin() as db:
        return accounts.add(db, fresh.tenant, new, datetime.now(UTC))


def _charge(call: Caller, account: int) -> int:
    """Return the id of an account's newest transaction."""
    return int(call.ok("get-transactions", client_id=account)["transactions"][0]["id"])
