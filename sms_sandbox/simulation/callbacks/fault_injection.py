"""Faults on callbacks: which one meets a try, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection

from ...domain import callbacks as signing
from ...domain.faults import DEFAULT_REORDER_DELAY, Fault, corrupt_url
from ...domain.rule_match import Subject
from ...store import accounts, callbacks, messages, rules
from ...store.callbacks import Callback
from ...store.rules import Rule
from ...store.tenants import Tenant
from ...store.timeline import Due
from .http_client import Posting

MET = "mishap"
"""In the data of a try that was put off: the fault that did it and meets it when it comes."""


@dataclass(frozen=True)
class Mishap:
    """What meets a try: by which fault, what effect it has, and how long it puts the try off."""

    rule: int
    effect: str | None
    wait: timedelta = timedelta()

    @property
    def name(self) -> str:
        return f"fault {self.rule}"

    @property
    def data(self) -> Mapping[str, Any]:
        """For the timeline, to meet the try that was put off."""
        return {MET: [self.rule, self.effect]}


def meeting(db: Connection, tenant: Tenant, row: Due, at: datetime) -> Mishap | None:
    """What meets a try that is due; asked once for each, so one that was put off is met by the same."""
    if MET in row.data:
        return Mishap(*row.data[MET])
    if not tenant.faulty:
        return None
    callback = callbacks.find(db, tenant.id, row.ref)
    if callback is None:
        return None
    found = rules.deciding(
        db, tenant.id, rules.CALLBACK, _subject(db, tenant.id, callback), at, tenant.seed,
        lambda rule: rule.what.get("event") in (None, callback.event),
    )  # fmt: skip
    if found is None:
        return None
    mishap = _mishap(found, tenant.seed)
    named = callback.rule.split(", ") if callback.rule else []
    if mishap.name not in named:
        callbacks.set_rule(db, tenant.id, row.ref, ", ".join([*named, mishap.name]))
    return mishap


def _mishap(found: Rule, seed: str) -> Mishap:
    fault = Fault(**found.what)
    if fault.callback == "reorder":
        # One waits and the next goes at once, so that it overtakes.
        waits = (
            replace(fault, delay=fault.delay or DEFAULT_REORDER_DELAY) if found.used % 2 else replace(fault, delay=None)
        )
        return Mishap(found.id, None, timedelta(seconds=waits.delay_seconds(seed, found.id, found.seen)))
    return Mishap(found.id, fault.callback, timedelta(seconds=fault.delay_seconds(seed, found.id, found.seen)))


def _subject(db: Connection, tenant: int, callback: Callback) -> Subject:
    """What a match looks at: of a reply what the handset wrote, of all else the message it is about."""
    message = messages.read(db, tenant, callback.message) if callback.message else None
    account = accounts.read(db, tenant, callback.account)
    text, sender = (message.text, message.sender) if message else ("", "")
    if callback.event in ("reply", "inbound"):
        told = dict(parse_qsl(urlsplit(callback.url).query))
        text, sender = told.get("response", ""), told.get("longcode", "")
    return Subject((callback.msisdn,), sender, text, account.key if account else "")


def applied(db: Connection, mishap: Mishap, posting: Posting) -> Posting:
    """The try as it goes out."""
    changes: dict[str, Any] = {"rule": mishap.name}
    if mishap.effect == "duplicate":
        changes["twice"] = True
    if mishap.effect == "wrong-signature":
        changes["signature"] = sha256(posting.signature.encode()).hexdigest()
    if mishap.effect == "corrupt":
        changes |= _corrupt(db, posting)
    return replace(posting, **changes)


def _corrupt(db: Connection, posting: Posting) -> Mapping[str, str]:
    """Another URL, and a signature that is right for it, so that nothing else is wrong."""
    callback = callbacks.find(db, posting.tenant, posting.callback)
    assert callback is not None
    url = corrupt_url(posting.url, callback.event)
    account = accounts.read(db, posting.tenant, callback.account)
    secret = account.secret if account else None
    return {"url": url, "signature": signing.signature(url, secret) if posting.signature and secret else ""}
