"""Certificates made once, of which each test gets its own copy."""

from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates, ensure
from tests.server.certificates.looking import contents


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a first start leaves, made once."""
    return contents(ensure(tmp_path_factory.mktemp("made") / "certs"))


@pytest.fixture
def certificates(tmp_path: Path, made: dict[str, bytes]) -> Certificates:
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return Certificates(tmp_path)
