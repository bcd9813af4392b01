"""The garbage of a failed test, which would make another one fail."""

from pathlib import Path

import pytest

from tests.nested_runs import WITHOUT_TOOLS

pytest_plugins = "pytester"

TESTS = """
import gc
import socket

def test_that_fails():
    left_open = socket.socket()
    assert left_open is None

def test_that_passes():
    gc.collect()

def test_that_fails_too():
    raise ValueError

def test_that_also_passes():
    gc.collect()
"""
HOOKS = "from tests.leftovers import pytest_runtest_makereport, pytest_runtest_protocol\n"


@pytest.mark.parametrize(("hooks", "failed"), [(HOOKS, 2), ("", 3)], ids=["removed", "left behind"])
def test_a_failed_test_does_not_make_others_fail(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, hooks: str, failed: int
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    pytester.makeconftest(hooks)
    path = pytester.makepyfile(TESTS)
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider", *WITHOUT_TOOLS, "-W", "error", path)
    ran.assert_outcomes(failed=failed, passed=4 - failed)
