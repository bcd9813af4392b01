from collections.abc import Iterator

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from sms_sandbox.store import grouped_log
from tests.sandbox import Account, run_sandbox


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Account]:
    """The default account of a running server, for all tests of the server.

    It does not log later what a test before has caused.
    """
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, delivery_delay=0)
    with pytest.MonkeyPatch.context() as patch, run_sandbox(settings) as account:
        patch.setattr(grouped_log, "INTERVAL_SECONDS", 0)
        yield account
