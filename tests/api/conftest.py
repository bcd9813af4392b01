"""A client without credentials, and a tenant whose clock is frozen."""

import pytest
from starlette.testclient import TestClient

from sms_sandbox.api.routes import Api
from sms_sandbox.store.database import Store
from tests.api.acts import NOW, freeze
from tests.conftest import FreshTenant


@pytest.fixture
def stranger(store: Store) -> TestClient:
    """A client without credentials."""
    return TestClient(Api(store, None), base_url="https://localhost")


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    """A tenant whose clock is frozen at NOW, half a second after TOLD."""
    freeze(fresh, NOW)
    return fresh
