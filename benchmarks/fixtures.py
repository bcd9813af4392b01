"""The cost of the pytest plugin: a session's start, a tenant for each test, and a thousand tests on one server."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox

from .figures import Figure, Run
from .processes import first_line, python

ROOT = Path(__file__).parents[1]
TEST_COUNT = 1000

TEST_FILE = """
import pytest

@pytest.fixture
def empty():
    yield

@pytest.mark.parametrize("n", range({count}))
def test_empty(empty, n): ...

@pytest.mark.parametrize("n", range({count}))
def test_tenant(sms_sandbox, n): ...
"""
"""Tests that do nothing, with an empty fixture and with the plugin's."""

TIMING_CONFTEST = """
import json

took = {}

def pytest_runtest_logreport(report):
    took[report.nodeid] = took.get(report.nodeid, 0) + report.duration

def pytest_sessionfinish():
    with open("took.json", "w") as file:
        json.dump(took, file)
"""


def fixtures(run: Run) -> list[Figure]:
    return [session_start(run), tenant_per_test(run), shared_server()]


def session_start(run: Run) -> Figure:
    """Measure the time from a process's first line to a tenant with a receiver. New certificates are included."""
    figure = Figure("start of a test session", "s", "a plain HTTP server", 0.7, False, more_is_better=False)
    for _ in range(run.rounds):
        for which, values in (("plain", figure.baseline), ("sandbox", figure.sandbox)):
            with python("-m", "benchmarks.session", which) as process:
                values.append(float(first_line(process)))
                process.wait()
    return figure


def tenant_per_test(run: Run) -> Figure:
    """Measure setup, call and teardown of an empty test: the median of a run, without its first test."""
    figure = Figure("a tenant for a test", "ms", "an empty fixture", 10, False, more_is_better=False)
    for _ in range(run.rounds):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "test_turns.py").write_text(TEST_FILE.format(count=100))
            (Path(folder) / "conftest.py").write_text(TIMING_CONFTEST)
            pytest(folder)
            took = json.loads((Path(folder) / "took.json").read_text())
        for name, values in (("test_empty", figure.baseline), ("test_tenant", figure.sandbox)):
            values.append(1000 * median([seconds for test, seconds in took.items() if name in test][1:]))
    return figure


def shared_server() -> Figure:
    """Measure tests per second with two workers on one server. Each test makes a dozen calls, and all must pass."""
    figure = Figure(f"{TEST_COUNT} tests on one server", "/s", "tests with an empty fixture", None)
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(ready_file=f"{folder}/ready") as server:
        (Path(folder) / "test_turns.py").write_text(TEST_FILE.format(count=TEST_COUNT))
        options = ("-p", "xdist", "-n2", f"--sms-sandbox-attach={folder}/ready")
        figure.baseline.append(TEST_COUNT / time_passing_run(TEST_COUNT, folder, *options, "-k", "test_empty"))
        figure.sandbox.append(TEST_COUNT / time_passing_run(TEST_COUNT, str(ROOT / "examples" / "isolation"), *options))
        left = [tenant["name"] for tenant in server.control("GET", "/tenants")["tenants"]]
    figure.notes.append(f"all passed; tenants left: {', '.join(left)}")
    return figure


def time_passing_run(count: int, folder: str, *args: str) -> float:
    """Run the tests of a folder, and return the seconds it took. Raises RuntimeError unless `count` tests pass."""
    began = time.perf_counter()
    output = pytest(folder, *args)
    took = time.perf_counter() - began
    if re.findall(r"(\d+) (passed|failed|error)", output) != [(str(count), "passed")]:
        raise RuntimeError(output[-2000:])
    return took


def pytest(folder: str, *args: str) -> str:
    """Run the tests of a folder, and return pytest's output."""
    env = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COUNT": str(TEST_COUNT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "sms_sandbox.pytest_plugin"]
    ran = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir=.", *args, "."], cwd=folder, env=env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr
