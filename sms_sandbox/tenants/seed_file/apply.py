"""A seed file applied: what is missing is made, and what is there is left, so that a second time changes nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from ...control.carrier_rules import rule_to_add as rule_of
from ...control.errors import ControlError
from ...domain import keywords as words
from ...domain import pricing
from ...domain.clock import Clock
from ...domain.profiles import PROFILES
from ...services import ledger, monthly_billing, new_tenant
from ...store import accounts, clients, contacts, keywords, numbers, rules, sender_ids
from ...store.accounts import Account, NewAccount
from ...store.clients import Details
from ...store.keywords import Keyword
from ...store.numbers import Number
from ...store.rules import NewRule
from ...store.tenants import NewTenant
from . import schema as s
from .parse import SeedFile
from .positions import Path

CENTS = 100
"""In a unit of currency; margins are given in them, as add-client takes them."""


@dataclass(frozen=True)
class Sowing:
    """A file being applied, in one transaction and at a moment of real time; `default` is the default account's key."""

    db: Connection
    file: SeedFile
    default: str
    real: datetime

    def owner(self, path: Path, of: s.Owned | s.Rule | s.Fault) -> Account:
        """The account that something belongs to."""
        found = accounts.by_key(self.db, of.account or self.default)
        if found is None:
            raise self.file.error((*path, "account"), f'there is no account "{of.account}"')
        return found

    def now(self, of: Account) -> datetime:
        return of.clock.now(self.real)

    def list_of(self, path: Path, owner: Account, name: str | None) -> int:
        """The id of a list by its name; 0 for none."""
        if name is None:
            return 0
        found = contacts.list_named(self.db, owner.tenant, owner.id, name)
        if found is None:
            raise self.file.error((*path, "list"), f'the account has no list "{name}"')
        return found


def as_given(given: s.Account, new: NewTenant, account: NewAccount) -> tuple[NewTenant, NewAccount]:
    """A world that is to be made, and its account, with what the file says of them."""
    if given.throttle is not None:
        account = replace(account, throttle=given.throttle)
    elif given.profile is not None:
        account = replace(account, throttle=PROFILES[given.profile].throttle)
    if given.balance is not None:
        account = replace(account, balance=units(given.balance))
    said: dict[str, Any] = {
        name: value for name in ("seed", "profile", "strict_senders") if (value := getattr(given, name)) is not None
    }
    if given.delivery_seconds is not None:
        said["delivery_delay"] = timedelta(seconds=given.delivery_seconds)
    if given.frozen_at is not None:
        said["clock"] = Clock(frozen_at=given.frozen_at.astimezone(UTC))
    return replace(new, **said), account


def sow(at: Sowing) -> None:
    """Make what the file tells of and is not there. Raises SeedError, and the caller undoes everything."""
    for kind, one in KINDS.items():
        for index, given in enumerate(getattr(at.file.seed, kind)):
            path: Path = (kind, index)
            try:
                one(at, path, at.owner(path, given), given)
            except ControlError as why:
                raise at.file.error(path, why.message.removesuffix(".")) from why


def a_list(at: Sowing, _path: Path, owner: Account, given: s.List) -> None:
    now = at.now(owner)
    named = contacts.list_named(at.db, owner.tenant, owner.id, given.name)
    on = None if named is None else contacts.read_list(at.db, owner.tenant, named)
    if on is None:
        slots = {str(number): name for number, name in enumerate(given.fields, 1)}
        on = contacts.add_list(at.db, owner.tenant, owner.id, given.name, slots, now)
        contacts.set_automation(at.db, owner.tenant, on.id, given.automation_url or "")
    for each in given.contacts:
        # By the list's own fields: one that was there before may have others, or in another order.
        values = {slot: each.fields[name] for slot, name in on.fields.items() if name in each.fields}
        contacts.add_member(at.db, owner.tenant, on.id, each.msisdn, (each.first_name, each.last_name), values, now)


def a_number(at: Sowing, path: Path, owner: Account, given: s.Number) -> None:
    there = numbers.read(at.db, owner.tenant, given.number)
    if there is not None and there.account != owner.id:
        if there.shared or there.account is not None:
            raise at.file.error((*path, "number"), f"{given.number} is not free to be leased")
        numbers.lease(at.db, owner.tenant, owner.id, given.number)
    if there is None or there.account is None:
        until = monthly_billing.begin(at.db, owner.tenant, monthly_billing.NUMBER, int(given.number), at.now(owner))
        if there is None:
            new = Number(given.number, owner.id, False, new_tenant.NUMBER_PRICE, True, until, numbers.ACTIVE)
            numbers.add(at.db, owner.tenant, [new])
        else:
            numbers.renew(at.db, owner.tenant, given.number, until)
    said = options(at, path, owner, given)
    blank = {name: value for name, value in said.items() if value and not (there and getattr(there, name))}
    if blank:
        numbers.change(at.db, owner.tenant, given.number, blank)


def a_keyword(at: Sowing, path: Path, owner: Account, given: s.Keyword) -> None:
    word = words.normalize(given.keyword)
    there = numbers.read(at.db, owner.tenant, given.number)
    if there is None or there.account != owner.id:
        raise at.file.error((*path, "number"), f"{given.number} is no number that the account leases")
    if keywords.read(at.db, owner.tenant, given.number, word) is not None:
        return
    new = keywords.new_id(at.db, owner.tenant)
    until = monthly_billing.begin(at.db, owner.tenant, monthly_billing.KEYWORD, new, at.now(owner))
    said = options(at, path, owner, given)
    made = Keyword(new, owner.id, word, given.number, given.reference, status=keywords.OPEN, billing_date=until, **said)
    keywords.add(at.db, owner.tenant, made)


def options(at: Sowing, path: Path, owner: Account, given: s.Answering) -> dict[str, Any]:
    """What is done with what comes in, as numbers and keywords keep it."""
    return {
        "list_id": at.list_of(path, owner, given.on_list),
        "welcome_message": given.welcome_message,
        "members_message": given.members_message,
        "forward_url": given.forward_url or "",
        "forward_sms": ",".join(given.forward_sms),
        "forward_email": ",".join(given.forward_email),
    }


def a_client(at: Sowing, path: Path, owner: Account, given: s.Client) -> None:
    if clients.named(at.db, owner, given.name) is not None:
        return
    new = Details(
        name=given.name,
        email=given.email,
        msisdn=given.msisdn,
        contact=given.contact,
        secret=given.secret,
        client_pays=given.client_pays,
        sms_margin=units(given.sms_margin) // CENTS,
        number_margin=units(given.number_margin) // CENTS,
    )
    made = clients.add(at.db, owner, new, at.now(owner))
    if made is None:
        raise at.file.error((*path, "email"), f"another account has the address {given.email}")
    client = accounts.read(at.db, owner.tenant, made)
    assert client is not None
    ledger.set_balance(at.db, client, units(given.balance), at.now(owner))


def a_sender_id(at: Sowing, _path: Path, owner: Account, given: s.SenderId) -> None:
    sender_ids.add(at.db, owner.tenant, owner.id, given.word)


def a_rule(at: Sowing, _path: Path, owner: Account, given: s.Rule) -> None:
    add_rule(at, owner, rule_of(given, at.now(owner)), given.first)


def a_fault(at: Sowing, _path: Path, owner: Account, given: s.Fault) -> None:
    what = given.fault.as_given()
    add_rule(at, owner, NewRule(given.on, given.wanted, given.turns, what, given.until(at.now(owner))), given.first)


def add_rule(at: Sowing, owner: Account, new: NewRule, first: bool) -> None:
    """Add a rule, unless there is one that says the same."""
    known = rules.of_kind(at.db, owner.tenant, new.kind)
    if not any((each.match, each.turns, each.what) == (new.match, new.turns, dict(new.what)) for each in known):
        rules.add(at.db, owner.tenant, new, first)


def units(amount: float) -> int:
    return pricing.to_units(Decimal(str(amount)))


KINDS: Mapping[str, Callable[[Sowing, Path, Account, Any], None]] = {
    "lists": a_list,
    "numbers": a_number,
    "keywords": a_keyword,
    "clients": a_client,
    "sender_ids": a_sender_id,
    "rules": a_rule,
    "faults": a_fault,
}
"""What a file may hold besides accounts, in the order it is made."""
