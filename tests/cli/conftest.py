from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.cli.doctor import languages
from sms_sandbox.client.environment import variables
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, run_sandbox

_OTHERS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_PROXIES = tuple(each for name in _OTHERS for each in (name, name.lower()))


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server on a thread, one for all commands."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


@pytest.fixture
def app_environment(monkeypatch: pytest.MonkeyPatch, server: Account) -> None:
    """The variables that `sms-sandbox env` prints for the server, and no proxy."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
    ready = server.ready
    given = variables(Path(ready.ca), Path(ready.ca_bundle), ready.https, server.key, server.secret, {})
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def only_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the other languages out, as each takes a second or two."""
    monkeypatch.setattr(languages, "LANGUAGES", [each for each in languages.LANGUAGES if each.program == "python3"])
