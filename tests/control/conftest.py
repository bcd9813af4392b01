from collections.abc import Callable, Iterator

import pytest

from sms_sandbox.control import traffic
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox

NOON = "2030-01-31T12:00:00Z"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """The default account of a running sandbox, on each kind of database."""
    shared = request.param == "postgresql"
    url = request.getfixturevalue("fresh_postgres")() if shared else "sqlite://"
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=url, throttle=0)
    with run_sandbox(settings) as account:
        yield account


@pytest.fixture
def wait_has_begun(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """A function that says whether a wait of this test listens to the traffic."""
    heard: list[JournalWriter] = []
    monkeypatch.setattr(traffic, "check_capacity", lambda call: heard.append(call.context.journal))
    return lambda: bool(heard) and heard[-1].listener_count == 1


@pytest.fixture
def tenant(server: Account) -> Account:
    """The tenant of this test."""
    return server.tenant()


@pytest.fixture
def new_tenant(server: Account) -> Callable[..., Account]:
    """A function that creates tenants."""
    return server.tenant


@pytest.fixture
def frozen(new_tenant: Callable[..., Account]) -> Account:
    """A tenant whose clock is frozen at NOON."""
    return new_tenant(frozen_at=NOON)
