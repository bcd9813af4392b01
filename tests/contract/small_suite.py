"""Small tests that the contract suite's plugin runs."""

from collections.abc import Callable

import pytest

RunResult = pytest.RunResult
Suite = Callable[..., RunResult]

HEAD = """
import pytest
from contract_tests.grants import CALLBACK, MONEY, NOTHING, SANDBOX, STATE
from contract_tests.plugin import about, needs
"""
READS = """
@needs(NOTHING)
@about("get-balance")
def test_reading(api):
    api.ok("get-balance")
"""
MAKES = """
@needs(STATE)
@about("add-list")
def test_making(api):
    api.ok("add-list", name="x")
"""
SENDS = """
@needs(MONEY)
@about("send-sms")
def test_sending(run, api):
    api.ok("send-sms", message="hi", to=run.grants.to[0])
"""
SANDBOXED = """
@needs(SANDBOX, why="it moves the clock")
@about("get-sms")
def test_waiting(control):
    raise AssertionError("it ran")
"""


def output_of(run: RunResult) -> str:
    """Return stdout and stderr of a run."""
    return run.stdout.str() + run.stderr.str()
