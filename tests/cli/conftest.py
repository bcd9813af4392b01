from collections.abc import Iterator

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.serving import Account, serving


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Account]:
    """A server on a thread, one for all commands; its default account."""
    with serving(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account
