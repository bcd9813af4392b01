"""A small endpoint for the suite to be run against."""

from collections.abc import Iterator

import httpcore2
import pytest

from contract_tests import plugin
from contract_tests.run import VARIABLES
from tests.contract.endpoint import KEY, SECRET, Endpoint

LOADED = (plugin, httpcore2)
"""Loaded here, as what is first loaded by a run of tests within a test is unloaded with it."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An endpoint that is no sandbox; the environment says to use it."""
    for name in (*VARIABLES, "JUNIT", "RECORD"):
        monkeypatch.delenv(name, raising=False)
    started = Endpoint()
    for name, value in {"ENDPOINT": started.url, "KEY": KEY, "SECRET": SECRET}.items():
        monkeypatch.setenv(name, value)
    try:
        yield started
    finally:
        started.close()
