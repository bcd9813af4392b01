"""Fixtures for most tests: a store on each kind of database, a tenant in it, and a caller of the API."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, make_url, text

from sms_sandbox.api.routes import Api
from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, tenants
from sms_sandbox.store.accounts import Account, NewAccount
from sms_sandbox.store.database import Store
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.tenants import NewTenant
from tests.app_client import AppClient, close_loop
from tests.databases import empty_store, kept_connections, postgres_engine, sqlite_engine
from tests.leftovers import pytest_runtest_makereport, pytest_runtest_protocol
from tests.postgres import postgres_database
from tests.processes import let_children_be_interrupted
from tests.receiver import Receiver

__all__ = ["pytest_runtest_makereport", "pytest_runtest_protocol"]

KEY = "test-key"
SECRET = "test-secret"

settings.register_profile(
    "gate", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
settings.register_profile("random", settings.get_profile("gate"), derandomize=False, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests with the longest timeouts first.

    None of them runs alone in the end then.
    """
    items.sort(key=timeout_of, reverse=True)


def pytest_collection_finish() -> None:
    """Keep imported modules and collected tests out of the garbage collector.

    It would look at them again and again.
    """
    gc.collect()
    gc.freeze()


def timeout_of(item: pytest.Item) -> int:
    marker = item.get_closest_marker("timeout")
    return int(marker.args[0]) if marker else 0


@pytest.fixture(scope="session", autouse=True)
def _interruptible_children() -> None:
    let_children_be_interrupted()


@pytest.fixture(scope="session", autouse=True)
def _loop_of_calls() -> Iterator[None]:
    yield
    close_loop()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The PostgreSQL database of this worker."""
    with postgres_database() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite() -> Engine:
    """An engine for SQLite in memory."""
    return sqlite_engine()


@pytest.fixture(scope="session")
def postgresql(postgres_url: str) -> Iterator[Engine]:
    """An engine for the PostgreSQL database of this worker."""
    engine = postgres_engine(postgres_url)
    with kept_connections(engine):
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store, on each kind of database in turn."""
    with empty_store(request.getfixturevalue(request.param)) as opened:
        yield opened


@dataclass(frozen=True)
class FreshTenant:
    """A fresh tenant and its account, which is not throttled."""

    store: Store
    tenant: int
    account: Account


@pytest.fixture
def fresh(store: Store) -> FreshTenant:
    return make_tenant(store)


def make_tenant(
    store: Store, key: str = KEY, secret: str = SECRET, throttle: int = 0, name: str = "default"
) -> FreshTenant:
    """Make a tenant as a fresh one is."""
    with store.begin() as db:
        tenant = new_tenant.create(
            db, NewTenant(name, f"seed of {name}"), NewAccount(key, secret, throttle=throttle), real_now()
        )
        account = accounts.find_by_key(db, key)
    assert account is not None
    return FreshTenant(store, tenant.id, account)


def reset_tenant(fresh: FreshTenant) -> None:
    """Reset a whole tenant, so that ids are counted from the first again. Its clock stays as it is."""
    with fresh.store.begin() as db:
        tenant = tenants.read(db, fresh.tenant)
        assert tenant is not None
        tenants.empty(db, fresh.tenant)
        tenants.set_clock(db, fresh.tenant, tenant.clock)
        account = NewAccount(fresh.account.key, fresh.account.secret, throttle=fresh.account.throttle)
        new_tenant.fill(db, tenant, account, tenant.clock.now(real_now()))


class Caller:
    """Calls the API over HTTP as an ordinary client does, and reads the JSON."""

    def __init__(self, store: Store, key: str = KEY, secret: str = SECRET) -> None:
        self.http = AppClient(Api(store, None))
        self.http.auth = (key, secret)

    def __call__(self, method: str, **params: Any) -> Any:
        """Call a method and answer its whole JSON, refused or not."""
        return self.http.post(f"/{method}.json", data=wire(params)).json()

    def ok(self, method: str, **params: Any) -> Any:
        """Call a method that must succeed."""
        reply = self(method, **params)
        assert reply["error"] == {"code": "SUCCESS", "description": "OK"}, reply
        return reply

    def refused(self, method: str, **params: Any) -> tuple[str, Any]:
        """Call a method that must be refused; the code and the description."""
        reply = self(method, **params)
        assert list(reply) == ["error"], reply
        return reply["error"]["code"], reply["error"]["description"]


def wire(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as form fields: a trailing underscore keeps a name from being a Python word."""
    return {name.rstrip("_"): str(value) for name, value in params.items()}


@pytest.fixture
def call(fresh: FreshTenant) -> Caller:
    return Caller(fresh.store)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def exchanges() -> Path:
    """The recorded exchanges, which are not part of the project: they lie in a folder beside the checkout."""
    path = Path(__file__).parents[2] / "shared" / "api" / "exchanges.jsonl"
    if not path.exists():
        pytest.skip("the recorded exchanges are not beside this checkout")
    return path


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    """Certificates made once, for all servers that tests start. No test may replace them, as servers use them."""
    made = ensure(tmp_path_factory.mktemp("certificates"))
    before = made.ca.read_bytes()
    yield made
    assert made.ca.read_bytes() == before, "a test made another CA in the folder that all tests share"


@pytest.fixture(scope="session")
def fresh_postgres(postgres_url: str) -> Callable[[], str]:
    """Makes empty databases, for servers that no other test's tables should disturb."""
    numbers = count(1)

    def make() -> str:
        url = make_url(postgres_url)
        name = f"{url.database}_{next(numbers)}"
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            db.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of callbacks."""
    opened = Receiver()
    yield opened
    opened.close()
