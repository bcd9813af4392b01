"""A server that people share: the operator's list of tenants, quotas, and the deletion of idle tenants."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from sms_sandbox.domain.clock import to_micros
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from sms_sandbox.store import tenant_use, tenants
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.tenants.upkeep import TenantUpkeep
from tests.conftest import make_tenant
from tests.sandbox import Account, run_sandbox
from tests.timing import eventually

_KEYS = count(1)


@pytest.fixture(scope="module")
def limited(certificates: Certificates) -> Iterator[Account]:
    """The default account of an open server with quotas: four tenants, each with two messages and two accounts."""
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, accounts="open", max_tenants=4,
        max_messages=2, max_accounts=2,
    )  # fmt: skip
    with run_sandbox(settings) as account:
        yield account


def listed(server: Account, name: str) -> dict[str, object]:
    (row,) = [each for each in server.ok("GET", "/tenants", max=1000)["tenants"] if each["name"] == name]
    assert isinstance(row, dict)
    return row


def was_used_after(server: Account, name: str, moment: str) -> bool:
    return str(listed(server, name)["last_used"]) > moment


def test_the_list_says_who_made_a_tenant_and_how_much_it_holds(server: Account) -> None:
    made = server.ok("POST", "/tenants", {"throttle": 0})
    tenant = Account(server.ready, made["key"], made["secret"])
    before = listed(server, made["name"])
    assert before["made_by"] == f"key {server.key} from 127.0.0.1"
    assert before["messages"] == 0
    tenant.send()
    after = listed(server, made["name"])
    assert after["messages"] == 1
    assert int(str(after["rows"])) > int(str(before["rows"]))
    assert int(str(after["approximate_bytes"])) > int(str(before["approximate_bytes"])) > 0
    assert abs(datetime.fromisoformat(str(after["last_used"])) - datetime.now(UTC)) < timedelta(minutes=1)
    assert listed(server, "default")["made_by"] == "start"


def test_an_imported_tenant_says_who_imported_it(server: Account) -> None:
    document = server.tenant().ok("GET", "/export", with_secrets="true")
    name = f"imported-{next(_KEYS)}"
    server.ok("POST", "/import", {"document": document, "name": name, "key": f"key-{name}"})
    assert listed(server, name)["made_by"] == f"key {server.key} from 127.0.0.1"


def test_a_full_server_creates_no_more_tenants(limited: Account) -> None:
    newcomer = Account(limited.ready, f"newcomer-{next(_KEYS)}", "a-secret")
    newcomer.api_ok("get-balance")
    assert listed(limited, f"account-{newcomer.key}")["made_by"] == f"first call with the key {newcomer.key}"
    document = limited.ok("GET", "/export", with_secrets="true")
    while len(limited.ok("GET", "/tenants")["tenants"]) < 4:
        limited.ok("POST", "/tenants")
    late = Account(limited.ready, "late", "a-secret")
    refused = late.api("get-balance")["error"]
    assert refused["code"] == "AUTH_FAILED"
    assert "has its 4 tenants (--max-tenants)" in refused["description"]
    assert late.refused("GET", "/clock") == (403, "quota")
    assert limited.refused("POST", "/tenants") == (403, "quota")
    assert limited.refused("POST", "/import", {"document": document, "name": "x", "key": "x"}) == (403, "quota")
    name = f"account-{newcomer.key}"
    limited.ok("DELETE", f"/tenants/{name}")
    late.api_ok("get-balance")


def test_a_full_tenant_sends_no_more_messages(limited: Account) -> None:
    for _ in range(2):
        limited.send()
    refused = limited.api("send-sms", message="more", to="61491570156")["error"]
    assert refused["code"] == "NO_ACCESS"
    assert "at most 2 messages (--max-messages); reset its messages" in refused["description"]
    limited.ok("POST", "/tenants/current/reset", {"kinds": ["messages"]})
    limited.send()
    limited.send()
    assert limited.api("send-sms", message="more", to="61491570156")["error"]["code"] == "NO_ACCESS"


def test_a_full_tenant_adds_no_more_clients(limited: Account) -> None:
    limited.api_ok("add-client", name="one", email="one@example.com", password="a-password", msisdn="61491570156")
    client = {"name": "two", "email": "two@example.com", "password": "a-password", "msisdn": "61491570157"}
    refused = limited.api("add-client", **client)
    assert refused["error"]["code"] == "NO_ACCESS"
    assert "at most 2 accounts (--max-accounts); reset its clients" in refused["error"]["description"]


def rounds(store: Store, *moments: datetime, ttl_hours: float | None = 1) -> None:
    """Do rounds at these moments, in as many processes."""

    async def run() -> None:
        for moment in moments:
            await TenantUpkeep(store, ttl_hours).do_round(moment)

    asyncio.run(run())


def test_idle_tenants_are_deleted_and_others_are_not(store: Store) -> None:
    now = real_now()
    default, used, configured, idle = (
        make_tenant(store, key=f"key-{name}", name=name) for name in ("default", "used", "configured", "idle")
    )
    with store.begin() as db:
        tenants.change(db, configured.tenant, {"made_by": tenant_use.FROM_START})
        tenant_use.mark_used(db, used.tenant, to_micros(now + timedelta(hours=1)))
    rounds(store, now + timedelta(minutes=59))
    rounds(store, now + timedelta(hours=100), ttl_hours=None)
    with store.begin() as db:
        assert tenants.read(db, idle.tenant) is not None
    rounds(store, now + timedelta(minutes=61), now + timedelta(minutes=61))
    with store.begin() as db:
        left = [each for each in (default, used, configured, idle) if tenants.read(db, each.tenant) is not None]
        assert left == [default, used, configured]


async def use_and_upkeep(store: Store, tenant: int, moment: datetime, is_deleted: bool = False) -> None:
    """Use a tenant, and do a round of the upkeep; a deleted one gets two rounds."""
    upkeep = TenantUpkeep(store, 1)
    await store.run(lambda db: upkeep.note(db, tenant))
    if is_deleted:
        with store.begin() as db:
            tenants.remove(db, tenant)
        await upkeep.do_round(moment)
    await upkeep.do_round(moment)


def test_the_use_of_a_tenant_is_written_in_the_next_round(store: Store) -> None:
    make_tenant(store)
    tenant = make_tenant(store, key="other", name="other")
    later = real_now() + timedelta(hours=2)

    asyncio.run(use_and_upkeep(store, tenant.tenant, later))
    with store.begin() as db:
        row = tenants.read(db, tenant.tenant)
    assert row is not None
    assert row.last_used == later


def test_a_tenant_that_was_deleted_after_its_use_is_forgotten(store: Store) -> None:
    make_tenant(store)
    tenant = make_tenant(store, key="other", name="other")
    later = real_now() + timedelta(hours=2)

    asyncio.run(use_and_upkeep(store, tenant.tenant, later, is_deleted=True))


def test_calls_of_the_api_and_of_control_are_use(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_sandbox.tenants.upkeep.INTERVAL_SECONDS", 0.02)
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0)) as account:
        made = account.ok("POST", "/tenants")
        tenant = Account(account.ready, made["key"], made["secret"])
        uses: list[Callable[[], object]] = [lambda: tenant.api_ok("get-balance"), lambda: tenant.ok("GET", "/clock")]
        for use in uses:
            before = str(listed(account, made["name"])["last_used"])
            use()
            eventually(partial(was_used_after, account, made["name"], before))
