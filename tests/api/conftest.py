"""A client without credentials, and a tenant whose clock is frozen."""

import pytest

from sms_sandbox.api.routes import Api
from sms_sandbox.store.database import Store
from tests.api.tenant_setup import NOW, freeze
from tests.app_client import AppClient
from tests.conftest import FreshTenant


@pytest.fixture
def stranger(store: Store) -> AppClient:
    """A client without credentials."""
    return AppClient(Api(store, None))


@pytest.fixture
def frozen(fresh: FreshTenant) -> FreshTenant:
    """A tenant whose clock is frozen at NOW, half a second after TOLD."""
    freeze(fresh, NOW)
    return fresh
