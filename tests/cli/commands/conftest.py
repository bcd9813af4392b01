from collections.abc import Iterator

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    """A running sandbox without a throttle, for the tests of one command."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0)) as account:
        yield account


@pytest.fixture
def tenant(server: Account) -> Account:
    """The tenant of this test."""
    return server.tenant()
