"""What the pytest plugin costs: the start of a session, a world for each test, and a thousand tests at once."""

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
AT_ONCE = 1000

TURNS = """
import pytest

@pytest.fixture
def empty():
    yield

@pytest.mark.parametrize("n", range({count}))
def test_empty(empty, n): ...

@pytest.mark.parametrize("n", range({count}))
def test_world(sms_sandbox, n): ...
"""
"""Tests that do nothing, with an empty fixture and with ours."""

TIMES = """
import json

took = {}

def pytest_runtest_logreport(report):
    took[report.nodeid] = took.get(report.nodeid, 0) + report.duration

def pytest_sessionfinish():
    with open("took.json", "w") as file:
        json.dump(took, file)
"""


def fixtures(run: Run) -> list[Figure]:
    return [session(run), each_test(run), at_once()]


def session(run: Run) -> Figure:
    """From the first line of a process to a world with a receiver, certificates made on the way."""
    figure = Figure("start of a test session", "s", "a plain HTTP server's", 0.7, False, more_is_better=False)
    for _ in range(run.rounds):
        for which, values in (("plain", figure.baseline), ("sandbox", figure.sandbox)):
            with python("-m", "benchmarks.session", which) as process:
                values.append(float(first_line(process)))
                process.wait()
    return figure


def each_test(run: Run) -> Figure:
    """Setup, call and teardown of a test that does nothing: the median of a run without its first test."""
    figure = Figure("a world for a test", "ms", "an empty fixture", 10, False, more_is_better=False)
    for _ in range(run.rounds):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "test_turns.py").write_text(TURNS.format(count=100))
            (Path(folder) / "conftest.py").write_text(TIMES)
            pytest(folder)
            took = json.loads((Path(folder) / "took.json").read_text())
        for name, values in (("test_empty", figure.baseline), ("test_world", figure.sandbox)):
            values.append(1000 * median([seconds for test, seconds in took.items() if name in test][1:]))
    return figure


def at_once() -> Figure:
    """Tests a second, two workers on one server, each test with a dozen calls; all must pass and leave nothing."""
    figure = Figure(f"{AT_ONCE} tests on one server", "/s", "tests of an empty fixture", None)
    with tempfile.TemporaryDirectory() as folder, Sandbox.start(ready_file=f"{folder}/ready") as server:
        (Path(folder) / "test_turns.py").write_text(TURNS.format(count=AT_ONCE))
        options = ("-p", "xdist", "-n2", f"--sms-sandbox-attach={folder}/ready")
        figure.baseline.append(AT_ONCE / passed(AT_ONCE, folder, *options, "-k", "test_empty"))
        figure.sandbox.append(AT_ONCE / passed(AT_ONCE, str(ROOT / "examples" / "isolation"), *options))
        left = [each["name"] for each in server.control("GET", "/tenants")["tenants"]]
    figure.notes.append(f"all passed; tenants left: {', '.join(left)}")
    return figure


def passed(count: int, folder: str, *args: str) -> float:
    """Seconds that a run takes in which so many tests pass and none fails."""
    began = time.perf_counter()
    said = pytest(folder, *args)
    took = time.perf_counter() - began
    if re.findall(r"(\d+) (passed|failed|error)", said) != [(str(count), "passed")]:
        raise RuntimeError(said[-2000:])
    return took


def pytest(folder: str, *args: str) -> str:
    """Run the tests of a folder; what pytest says."""
    env = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COUNT": str(AT_ONCE)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "sms_sandbox.pytest_plugin"]
    ran = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir=.", *args, "."], cwd=folder, env=env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr
