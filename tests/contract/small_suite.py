"""Small tests for the contract suite's plugin to run."""

from collections.abc import Callable

import pytest

Ran = pytest.RunResult
Suite = Callable[..., Ran]

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
@needs(SANDBOX, why="it lets time pass")
@about("get-sms")
def test_waiting(control):
    raise AssertionError("it ran")
"""


def said(ran: Ran) -> str:
    return ran.stdout.str() + ran.stderr.str()
