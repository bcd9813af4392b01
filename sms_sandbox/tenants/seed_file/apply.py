"""The use of a seed file: missing data is added, existing data is kept.

A second start with the same file changes nothing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from ...control.carrier_rules import store_rule
from ...control.errors import ControlError
from ...control.faults import store_fault
from ...domain import pricing
from ...domain.clock import Clock
from ...domain.keywords import normalize
from ...domain.profiles import PROFILES
from ...services import ledger, monthly_billing, new_tenant
from ...store import accounts, clients, contacts, keywords, numbers, rules, sender_ids, timeline
from ...store.accounts import Account, NewAccount
from ...store.clients import Details
from ...store.keywords import Keyword
from ...store.numbers import Number
from ...store.rules import NewRule
from ...store.tenants import NewTenant
from . import schema as s
from .parse import SeedFile

_CENTS_PER_UNIT = 100
"""Margins are given in cents, as add-client takes them."""


def with_seed_settings(given: s.Account, tenant: NewTenant, account: NewAccount) -> tuple[NewTenant, NewAccount]:
    """Return a new tenant and its account with the seed file's settings."""
    if given.throttle is not None:
        account = replace(account, throttle=given.throttle)
    elif given.profile is not None:
        account = replace(account, throttle=PROFILES[given.profile].throttle)
    if given.balance is not None:
        account = replace(account, balance=_to_units(given.balance))
    account = replace(account, dlr_url=given.dlr_url, reply_url=given.reply_url, link_hits_url=given.link_hits_url)
    settings: dict[str, Any] = {
        name: value for name in ("seed", "profile", "strict_senders") if (value := getattr(given, name)) is not None
    }
    if given.delivery_seconds is not None:
        settings["delivery_delay"] = timedelta(seconds=given.delivery_seconds)
    if given.frozen_at is not None:
        settings["clock"] = Clock(frozen_at=given.frozen_at.astimezone(UTC))
    return replace(tenant, **settings), account


def apply_seed_file(db: Connection, file: SeedFile, default_key: str, real_now: datetime) -> None:
    """Add everything of the file that does not exist yet, except accounts.

    Items without an account belong to the account with the default key. Raises SeedError; the caller then rolls back.
    """
    context = _Context(db, file, default_key, real_now)
    for kind, add in _KINDS.items():
        for index, given in enumerate(getattr(file.seed, kind)):
            path = f"{kind}[{index}]"
            try:
                add(context, path, context.owner(path, given), given)
            except ControlError as error:
                raise file.error(path, error.message.removesuffix(".")) from error


class _Context(Struct, frozen=True):
    """A seed file that is being applied, in one transaction and at one moment."""

    db: Connection
    file: SeedFile
    default_key: str
    real_now: datetime

    def owner(self, path: str, given: s.Owned | s.Rule | s.Fault) -> Account:
        """Return the account that an item belongs to. Raises SeedError if it does not exist."""
        account = accounts.find_by_key(self.db, given.account or self.default_key)
        if account is None:
            raise self.file.error(f"{path}.account", f'there is no account "{given.account}"')
        return account

    def now(self, owner: Account) -> datetime:
        """Return the time on the clock of an account's tenant."""
        return owner.clock.now(self.real_now)

    def list_id(self, path: str, owner: Account, name: str | None) -> int:
        """Return the id of a contact list, or 0 without a name. Raises SeedError if it does not exist."""
        if name is None:
            return 0
        list_id = contacts.find_list_id(self.db, owner.tenant, owner.id, name)
        if list_id is None:
            raise self.file.error(f"{path}.list", f'the account has no list "{name}"')
        return list_id


def _add_list(context: _Context, _path: str, owner: Account, given: s.List) -> None:
    db, now = context.db, context.now(owner)
    list_id = contacts.find_list_id(db, owner.tenant, owner.id, given.name)
    contact_list = None if list_id is None else contacts.read_list(db, owner.tenant, list_id)
    if contact_list is None:
        slots = {str(number): name for number, name in enumerate(given.fields, 1)}
        contact_list = contacts.add_list(db, owner.tenant, owner.id, given.name, slots, now)
        contacts.set_automation(db, owner.tenant, contact_list.id, given.automation_url or "")
    for contact in given.contacts:
        # Use the list's own fields: a list that existed before may have others, or have them in another order.
        values = {slot: contact.fields[name] for slot, name in contact_list.fields.items() if name in contact.fields}
        names = (contact.first_name, contact.last_name)
        contacts.add_member(db, owner.tenant, contact_list.id, contact.msisdn, names, values, now)


def _add_number(context: _Context, path: str, owner: Account, given: s.Number) -> None:
    db = context.db
    known = numbers.read(db, owner.tenant, given.number)
    if known is not None and known.account != owner.id:
        if known.shared or known.account is not None:
            raise context.file.error(f"{path}.number", f"{given.number} is not free to be leased")
        numbers.lease(db, owner.tenant, owner.id, given.number)
    if known is None or known.account is None:
        next_charge = monthly_billing.schedule_first(
            db, owner.tenant, timeline.NUMBER_RENEWAL, int(given.number), context.now(owner)
        )
        if known is None:
            number = Number(given.number, owner.id, False, new_tenant.NUMBER_PRICE, True, next_charge, numbers.ACTIVE)
            numbers.add(db, owner.tenant, [number])
        else:
            numbers.renew(db, owner.tenant, given.number, next_charge)
    # Fill in blank options only, so that changes made since the first start stay.
    options = _inbound_options(context, path, owner, given)
    changes = {name: value for name, value in options.items() if value and not (known and getattr(known, name))}
    if changes:
        numbers.change(db, owner.tenant, given.number, changes)


def _add_keyword(context: _Context, path: str, owner: Account, given: s.Keyword) -> None:
    db = context.db
    word = normalize(given.keyword)
    number = numbers.read(db, owner.tenant, given.number)
    if number is None or number.account != owner.id:
        raise context.file.error(f"{path}.number", f"{given.number} is not a number that the account leases")
    if keywords.read(db, owner.tenant, given.number, word) is not None:
        return
    keyword_id = keywords.new_id(db, owner.tenant)
    next_charge = monthly_billing.schedule_first(
        db, owner.tenant, timeline.KEYWORD_RENEWAL, keyword_id, context.now(owner)
    )
    options = _inbound_options(context, path, owner, given)
    keyword = Keyword(
        keyword_id,
        owner.id,
        word,
        given.number,
        given.reference,
        status=keywords.OPEN,
        billing_date=next_charge,
        **options,
    )
    keywords.add(db, owner.tenant, keyword)


def _inbound_options(context: _Context, path: str, owner: Account, given: s.InboundOptions) -> dict[str, Any]:
    """Return the automatic actions for inbound messages as columns of a number or keyword."""
    return {
        "list_id": context.list_id(path, owner, given.list_name),
        "welcome_message": given.welcome_message,
        "members_message": given.members_message,
        "forward_url": given.forward_url or "",
        "forward_sms": ",".join(given.forward_sms),
        "forward_email": ",".join(given.forward_email),
    }


def _add_client(context: _Context, path: str, owner: Account, given: s.Client) -> None:
    db, now = context.db, context.now(owner)
    if clients.find_by_name(db, owner, given.name) is not None:
        return
    details = Details(
        name=given.name,
        email=given.email,
        msisdn=given.msisdn,
        contact=given.contact,
        secret=given.secret,
        client_pays=given.client_pays,
        sms_margin=_to_units(given.sms_margin) // _CENTS_PER_UNIT,
        number_margin=_to_units(given.number_margin) // _CENTS_PER_UNIT,
    )
    client_id = clients.add(db, owner, details, now)
    if client_id is None:
        raise context.file.error(f"{path}.email", f"another account has the address {given.email}")
    client = accounts.read(db, owner.tenant, client_id)
    assert client is not None
    ledger.set_balance(db, client, _to_units(given.balance), now)


def _add_sender_id(context: _Context, _path: str, owner: Account, given: s.SenderId) -> None:
    sender_ids.add(context.db, owner.tenant, owner.id, given.word)


def _add_carrier_rule(context: _Context, _path: str, owner: Account, given: s.Rule) -> None:
    _add_rule(context, owner, store_rule(given, context.now(owner)), given.first)


def _add_fault(context: _Context, _path: str, owner: Account, given: s.Fault) -> None:
    _add_rule(context, owner, store_fault(given, context.now(owner)), given.first)


def _add_rule(context: _Context, owner: Account, rule: NewRule, first: bool) -> None:
    """Add a rule, unless an equal one exists."""
    known = rules.list_rules(context.db, owner.tenant, rule.kind)
    if not any((other.match, other.turns, other.what) == (rule.match, rule.turns, dict(rule.what)) for other in known):
        rules.add(context.db, owner.tenant, rule, first)


def _to_units(amount: float) -> int:
    return pricing.to_units(Decimal(str(amount)))


_KINDS: Mapping[str, Callable[[_Context, str, Account, Any], None]] = {
    "lists": _add_list,
    "numbers": _add_number,
    "keywords": _add_keyword,
    "clients": _add_client,
    "sender_ids": _add_sender_id,
    "rules": _add_carrier_rule,
    "faults": _add_fault,
}
"""Function to add each kind of item. A kind comes after those it depends on."""
