"""Fixtures: a small endpoint, and runs of small tests against it."""

from collections.abc import Iterator

import httpcore2
import pytest

from contract_tests import plugin
from contract_tests.run import VARIABLES
from tests.contract.endpoint import KEY, SECRET, Endpoint
from tests.contract.small_suite import HEAD, RunResult, Suite
from tests.nested_runs import WITHOUT_TOOLS

LOADED = (plugin, httpcore2)
"""Modules that must be imported here. If a pytester run imports one first, it unloads it afterwards."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An endpoint that is not a sandbox. The environment variables point to it."""
    for name in (*VARIABLES, "JUNIT", "RECORD"):
        monkeypatch.delenv(name, raising=False)
    started = Endpoint()
    for name, value in {"ENDPOINT": started.url, "KEY": KEY, "SECRET": SECRET}.items():
        monkeypatch.setenv(name, value)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint) -> Suite:
    """A function that runs some tests with variables and flags."""

    def run(*tests: str, flags: tuple[str, ...] = (), **variables: str) -> RunResult:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        path = pytester.makepyfile(test_small=HEAD + "\n".join(tests))
        return pytester.runpytest_inprocess(
            "-p", "contract_tests.plugin", "-p", "no:cacheprovider", *WITHOUT_TOOLS, *flags, path
        )

    assert endpoint
    return run
