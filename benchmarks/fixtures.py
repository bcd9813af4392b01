"""The cost of the pytest plugin: a session, a tenant, a call, and many tests."""

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

ROOT = Path(__file__).parents[1]
TEST_COUNT = 1000
THREAD = "the server on a thread"

TEST_FILE = """
import json
import time
import pytest

@pytest.fixture
def empty():
    yield

@pytest.mark.parametrize("n", range({count}))
def test_empty(empty, n): ...

@pytest.mark.parametrize("n", range({count}))
def test_tenant(sms_sandbox, n): ...

def test_calls(sms_sandbox):
    took = []
    for _ in range({count}):
        began = time.perf_counter()
        sms_sandbox.call("send-sms", to="61491570156", message="Hello")
        took.append(time.perf_counter() - began)
    with open("calls.json", "w") as file:
        json.dump(took, file)
"""
"""Two tests that do nothing, with an empty fixture and the plugin's; one that calls."""

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
    return [*plugin(run), shared_server()]


def plugin(run: Run) -> list[Figure]:
    """Measure the first test of a session, a tenant for each other, and a call.

    The first test includes the start of the server and new certificates, the others setup, call and teardown.
    """
    start = Figure("start of a test session", "s", THREAD, 0.6, False, more_is_better=False)
    tenant = Figure("a tenant for a test", "ms", THREAD, 5, False, more_is_better=False)
    call = Figure("a call in a test", "ms", THREAD, 2, False, more_is_better=False)
    empty = []
    for _ in range(run.rounds):
        for kind in ("one", "thread"):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "test_turns.py").write_text(TEST_FILE.format(count=100))
                (folder / "conftest.py").write_text(TIMING_CONFTEST)
                output = pytest(name, f"--sms-sandbox-server={kind}")
                if "201 passed" not in output:
                    raise RuntimeError(output[-2000:])
                took = json.loads((folder / "took.json").read_text())
                calls = json.loads((folder / "calls.json").read_text())
            first, *others = [seconds for test, seconds in took.items() if "test_tenant" in test]
            values = (first, 1000 * median(others), 1000 * median(calls))
            for figure, value in zip((start, tenant, call), values, strict=True):
                (figure.sandbox if kind == "one" else figure.baseline).append(value)
            empty.append(1000 * median([seconds for test, seconds in took.items() if "test_empty" in test]))
    tenant.notes.append(f"an empty fixture takes {median(empty):.2f} ms")
    return [start, tenant, call]


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
