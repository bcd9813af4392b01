"""The worlds that settings ask for: those of the accounts they name, what the seed file tells of, and newcomers'."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from ..domain import credentials, faults
from ..domain.clock import real_now
from ..domain.profiles import PROFILES
from ..services import new_tenant
from ..settings import Settings, can_be_account
from ..store import accounts, schema, tenants

LONGEST_NAME = 60
"""Characters of a tenant's name, with room for a number behind it."""


class Founder:
    """Makes worlds as the settings say. Raises SeedError where the seed file can't be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        throttle = PROFILES[settings.profile].throttle if settings.throttle is None else settings.throttle
        delay = timedelta(seconds=settings.delivery_delay)
        self.usual = new_tenant.Usual(settings.profile, throttle, settings.strict_senders, delay)
        self._file = None
        if settings.seed_file is not None:
            from .seed_file import parse  # here, since most starts need none of it

            self._file = parse.read(settings.seed_file)

    def found(self, db: Connection) -> bool:
        """Make what is missing; whether there was nothing before, nor anybody else. Raises SeedError."""
        settings = self._settings
        schema.hold(db)
        is_new = self._file is None and db.dialect.name == "sqlite" and tenants.oldest(db) is None
        for index, (key, secret) in enumerate(settings.pairs):
            known = accounts.by_key(db, key)
            if known is None:
                self._make(db, key, secret, "default" if index == 0 else f"account-{key}")
                continue
            changes: dict[str, Any] = {"secret": secret}
            if settings.throttle is not None:
                changes["throttle"] = settings.throttle
            accounts.change(db, known.tenant, known.id, changes)
        if self._file is not None:
            from .seed_file.apply import Sowing, sow

            for each in self._file.seed.accounts:
                if accounts.by_key(db, each.key) is None:
                    self._make(db, each.key, each.secret, each.name or f"account-{each.key}")
            sow(Sowing(db, self._file, settings.pairs[0][0], real_now()))
        return is_new

    def _make(self, db: Connection, key: str, secret: str, name: str) -> None:
        new, account = new_tenant.for_key(key, secret, free_name(db, name), self.usual)
        given = self._file.seed.account(key) if self._file is not None else None
        if given is None:
            new_tenant.found(db, new, account, real_now())
            return
        from .seed_file.apply import as_given

        made = new_tenant.found(db, *as_given(given, new, account), real_now())
        owner = accounts.first_of(db, made.id)
        assert owner is not None
        accounts.change(db, made.id, owner.id, given.urls)

    def welcome(self, db: Connection, key: str, secret: str) -> None:
        """Make a world for a key that nobody has, with the secret it comes with, if it can be an account's. A magic
        key is another's with something wrong, so it is that one's world that is made."""
        key, _ = faults.magic(key) or (key, "")
        if not can_be_account(key, secret) or faults.magic(key):
            return
        schema.hold(db)  # so that of two first calls at once one makes it
        if accounts.by_key(db, key) is None:
            self._make(db, key, secret, f"account-{key}")


def free_name(db: Connection, wanted: str) -> str:
    """A name for a tenant like the one that is wanted, which no other has."""
    plain = re.sub(r"[^A-Za-z0-9._~-]", "-", wanted)
    if plain != wanted or len(plain) > LONGEST_NAME:  # as it would be for others, too
        plain = f"{plain[:50]}-{credentials.invented(wanted)[:8]}"
    names = (plain, *(f"{plain}-{number}" for number in range(2, 1000)))
    return next(name for name in names if tenants.by_name(db, name) is None)
