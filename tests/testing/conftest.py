"""A sandbox and a tenant, as tests of apps have them."""

import os
from collections.abc import Iterator

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Sandbox]:
    with Sandbox.start(certs=certificates.directory) as started:
        yield started


@pytest.fixture
def tenant(server: Sandbox) -> Iterator[Sandbox]:
    """A tenant whose clock is frozen, with a receiver."""
    with server.new_tenant(frozen=True) as made:
        made.receiver()
        yield made


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith(PREFIX)]:
        monkeypatch.delenv(name)
