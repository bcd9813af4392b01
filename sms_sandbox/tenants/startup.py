"""The tenants that a server creates: at start, and for unknown keys."""

import logging
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from sqlalchemy import Connection

from ..domain import credentials, faults
from ..domain.clock import Clock
from ..domain.profiles import PROFILES
from ..services import new_tenant
from ..services.quotas import Quotas
from ..settings import PUBLISHED_SECRET, Settings, can_be_account, flag, is_loopback
from ..store import accounts, schema, tenants
from ..store.real_time import real_now
from ..store.tenant_use import FROM_START

if TYPE_CHECKING:
    from .seed_file.parse import SeedFile

log = logging.getLogger(__name__)

_MAX_NAME_LENGTH = 60
"""The limit of a tenant's name is 64 characters; the rest is for a number at the end."""

_DEMO_START = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Time of the default tenant's clock when the demo begins. So each run shows the same times."""


class TenantSetup:
    """Creates tenants as the settings say. Raises SeedError if the seed file cannot be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        throttle = PROFILES[settings.profile].throttle if settings.throttle is None else settings.throttle
        delay = timedelta(seconds=settings.delivery_delay)
        self.defaults = new_tenant.TenantDefaults(
            settings.profile,
            throttle,
            settings.strict_senders,
            delay,
            _quotas_of(settings),
            None if is_loopback(settings.host) else PUBLISHED_SECRET,
        )
        self._seed_file = None
        if settings.seed_file is not None:
            # Imported here because most starts have no seed file.
            from .seed_file.parse import read_seed_file

            self._seed_file = read_seed_file(settings.seed_file)
            self._check_secrets(self._seed_file)

    def _check_secrets(self, file: "SeedFile") -> None:
        """Raise SeedError if the file gives an account or client the published secret."""
        for kind in ("accounts", "clients"):
            for index, given in enumerate(getattr(file.seed, kind)):
                if given.secret is not None and given.secret == self.defaults.refused_secret:
                    why = f"{flag('host')} {self._settings.host} lets other machines call"
                    raise file.error(f"{kind}[{index}].secret", f"{given.secret} is published, and {why}")

    def _replace_published_secret(self, db: Connection) -> None:
        """Replace the published secret of accounts that an earlier start on loopback created."""
        published = self.defaults.refused_secret
        for account in accounts.list_by_secret(db, published) if published is not None else ():
            accounts.change(db, account.tenant, account.id, {"secret": secrets.token_urlsafe(24)})
            log.warning(
                "The account %r had the published secret, which other machines know; it has a new one.", account.key
            )

    def create_in_process(self, db: Connection) -> bool:
        """Create the configured tenants, unless the parent of several processes has done it.

        A process that is replaced is not a start: what was removed or changed since then must not return.
        """
        if self._settings.workers > 1 and tenants.find_default(db) is not None:
            return False
        return self.create_missing(db)

    def create_missing(self, db: Connection) -> bool:
        """Create the configured tenants that are missing, and apply the seed file. Raises SeedError.

        True if the database was empty before and belongs to this process alone.
        """
        settings = self._settings
        schema.lock(db)
        is_new = self._seed_file is None and db.dialect.name == "sqlite" and tenants.find_default(db) is None
        for index, (key, secret) in enumerate(settings.pairs):
            account = accounts.find_by_key(db, key)
            if account is None:
                self._create(db, key, secret, "default" if index == 0 else f"account-{key}")
                continue
            changes: dict[str, Any] = {"secret": secret}
            if settings.throttle is not None:
                changes["throttle"] = settings.throttle
            accounts.change(db, account.tenant, account.id, changes)
        self._replace_published_secret(db)
        if self._seed_file is not None:
            from .seed_file.apply import apply_seed_file

            for given in self._seed_file.seed.accounts:
                if accounts.find_by_key(db, given.key) is None:
                    self._create(db, given.key, given.secret, given.name or f"account-{given.key}")
            apply_seed_file(db, self._seed_file, settings.pairs[0][0], real_now())
        return is_new

    def create_for_unknown_key(self, db: Connection, key: str, secret: str) -> None:
        """Create a tenant for an unknown key with its secret, if both are valid. Raises QuotaError.

        A key with a magic suffix, as in `KEY-nocredit`, creates the tenant of `KEY`.
        """
        key, _ = faults.split_magic_key(key) or (key, "")
        if not can_be_account(key, secret) or faults.split_magic_key(key) or secret == self.defaults.refused_secret:
            return
        schema.lock(db)  # so that only one of two simultaneous first calls creates the tenant
        if accounts.find_by_key(db, key) is None:
            self.defaults.quotas.check_tenants(db)
            self._create(db, key, secret, f"account-{key}", f"first call with the key {key}")

    def _create(self, db: Connection, key: str, secret: str, name: str, made_by: str = FROM_START) -> None:
        tenant, account = new_tenant.new_for_key(key, secret, _free_name(db, name), self.defaults)
        tenant = replace(tenant, made_by=made_by)
        if self._settings.demo and key == self._settings.pairs[0][0]:
            tenant = replace(tenant, clock=Clock(frozen_at=_DEMO_START))
        given = self._seed_file.seed.account(key) if self._seed_file is not None else None
        if given is None:
            new_tenant.create(db, tenant, account, real_now())
            return
        from .seed_file.apply import with_seed_settings

        new_tenant.create(db, *with_seed_settings(given, tenant, account), real_now())


def _quotas_of(settings: Settings) -> Quotas:
    return Quotas(settings.max_tenants, settings.max_messages, settings.max_accounts)


def _free_name(db: Connection, wanted: str) -> str:
    """Return the wanted name, or one like it, that no other tenant has."""
    plain = re.sub(r"[^A-Za-z0-9._~-]", "-", wanted)
    if plain != wanted or len(plain) > _MAX_NAME_LENGTH:
        # Other wanted names could give the same plain one, so a hash tells them apart.
        plain = f"{plain[:50]}-{credentials.derive_key(wanted)[:8]}"
    names = (plain, *(f"{plain}-{number}" for number in range(2, 1000)))
    return next(name for name in names if tenants.find_by_name(db, name) is None)
