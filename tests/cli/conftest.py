from collections.abc import Iterator

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server on a thread, one for all commands."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account
