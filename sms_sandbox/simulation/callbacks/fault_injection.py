"""Faults on callbacks: which one applies to an attempt, and how it changes the request."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from ...domain.callbacks import signature
from ...domain.faults import DEFAULT_REORDER_DELAY, Fault, corrupt_url
from ...domain.rule_match import Subject
from ...store import accounts, callbacks, messages, rules
from ...store.callbacks import Callback
from ...store.rules import Rule
from ...store.tenants import Tenant
from ...store.timeline import Due
from .http_client import CallbackRequest

_FAULT_KEY = "fault"
"""Key in the data of a delayed attempt: the fault that delayed it and applies when it is due."""


class InjectedFault(Struct, frozen=True):
    """A fault that applies to an attempt, with its effect and its delay."""

    rule: int
    effect: str | None
    wait: timedelta = timedelta()

    @property
    def name(self) -> str:
        """Return the name of the fault, as traffic entries show it."""
        return f"fault {self.rule}"

    @property
    def data(self) -> Mapping[str, Any]:
        """Return the data that applies the same fault to the delayed attempt."""
        return {_FAULT_KEY: [self.rule, self.effect]}


def find_fault(db: Connection, tenant: Tenant, row: Due, at: datetime) -> InjectedFault | None:
    """Return the fault that applies to an attempt, or None. A delayed attempt keeps its fault."""
    if _FAULT_KEY in row.data:
        return InjectedFault(*row.data[_FAULT_KEY])
    if not tenant.faulty:
        return None
    callback = callbacks.read_without_due(db, tenant.id, row.ref)
    if callback is None:
        return None
    rule = rules.find_deciding(
        db, tenant.id, rules.CALLBACK, _subject(db, tenant.id, callback), at, tenant.seed,
        lambda rule: rule.what.get("event") in (None, callback.event),
    )  # fmt: skip
    if rule is None:
        return None
    fault = _fault_of(rule, tenant.seed)
    names = callback.rule.split(", ") if callback.rule else []
    if fault.name not in names:
        callbacks.set_rule(db, tenant.id, row.ref, ", ".join([*names, fault.name]))
    return fault


def _fault_of(rule: Rule, seed: str) -> InjectedFault:
    fault, effect = Fault(**rule.what), rule.what.get("callback")
    if effect == "reorder":
        # Every other callback waits and the next one does not, so that it overtakes.
        fault = Fault(**{**rule.what, "delay": (fault.delay or DEFAULT_REORDER_DELAY) if rule.used % 2 else None})
        effect = None
    return InjectedFault(rule.id, effect, timedelta(seconds=fault.delay_seconds(seed, rule.id, rule.seen)))


def _subject(db: Connection, tenant: int, callback: Callback) -> Subject:
    """Return the values that rules match: those of the reply, or else of the message."""
    message = messages.read(db, tenant, callback.message) if callback.message else None
    account = accounts.read(db, tenant, callback.account)
    text, sender = (message.text, message.sender) if message else ("", "")
    if callback.event in ("reply", "inbound"):
        params = dict(parse_qsl(urlsplit(callback.url).query))
        text, sender = params.get("response", ""), params.get("longcode", "")
    return Subject((callback.msisdn,), sender, text, account.key if account else "")


def apply_fault(db: Connection, fault: InjectedFault, request: CallbackRequest) -> CallbackRequest:
    """Return the request with the effect of a fault."""
    changes: dict[str, Any] = {"rule": fault.name}
    if fault.effect == "duplicate":
        changes["duplicate"] = True
    if fault.effect == "wrong-signature":
        changes["signature"] = sha256(request.signature.encode()).hexdigest()
    if fault.effect == "corrupt":
        changes |= _corrupt(db, request)
    return replace(request, **changes)


def _corrupt(db: Connection, request: CallbackRequest) -> Mapping[str, str]:
    """Return a corrupted URL and its correct signature, so that nothing else is wrong."""
    callback = callbacks.read_without_due(db, request.tenant, request.callback)
    assert callback is not None
    url = corrupt_url(request.url, callback.event)
    account = accounts.read(db, request.tenant, callback.account)
    secret = account.secret if account else None
    return {"url": url, "signature": signature(url, secret) if request.signature and secret else ""}
