"""Certificates that are created once, and copied for each test."""

from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates, ensure
from tests.server.certificates.handshake import read_files


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that a first start creates, by name."""
    return read_files(ensure(tmp_path_factory.mktemp("made") / "certs"))


@pytest.fixture
def certificates(tmp_path: Path, made: dict[str, bytes]) -> Certificates:
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return Certificates(tmp_path)
