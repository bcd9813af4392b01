"""Runs of the contract suite as users start it: by its command, in a separate process."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "contract_tests"

VARIABLES = (
    "ENDPOINT",
    "KEY",
    "SECRET",
    "CA",
    "TOKEN",
    "SPEND",
    "TO",
    "CALLBACK_URL",
    "CALLBACK_PORT",
    "RATE",
    "JUNIT",
    "RECORD",
)


QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=native")
"""Flags of runs of some tests. Most of them fail, and pytest's own tracebacks take longer than such a test."""

FEW_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_timeout"}
"""Variables for runs with one of the installed plugins: the one that the project's settings need."""


@dataclass(frozen=True)
class SuiteResult:
    """The result of a run. Tests have names like `test_auth::test_this[that]`."""

    code: int
    results: Mapping[str, str]
    """`passed`, `failed` or `skipped`, by test."""

    output: str

    def tests_with(self, result: str) -> list[str]:
        """Return the tests with a result, in order."""
        return [test for test, actual in self.results.items() if actual == result]

    @property
    def failed(self) -> list[str]:
        return self.tests_with("failed")


def run_suite(
    variables: Mapping[str, str], folder: Path, tests: Sequence[str] = (), *arguments: str, seconds: float = 600
) -> SuiteResult:
    """Run the suite, or some of its tests, with these variables. Files are written to `folder`."""
    junit = folder / "junit.xml"
    junit.unlink(missing_ok=True)
    environment = environment_with(variables, junit)
    command = [sys.executable, "-m", "contract_tests"]
    if tests:
        command = [sys.executable, "-m", "pytest", *QUIET, f"--junitxml={junit}", *map(node_of, tests)]
    command += [f"--basetemp={folder / 'tmp'}", *arguments]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    return SuiteResult(run.returncode, read_junit(junit) if junit.exists() else {}, run.stdout + run.stderr)


def environment_with(variables: Mapping[str, str], junit: Path) -> dict[str, str]:
    """Return the environment of a run with these variables and no others of the suite."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return environment | {"JUNIT": str(junit), "PYTHONPATH": str(ROOT), **variables}


def node_of(test: str) -> str:
    """Return the name of a test or a file for pytest's command line."""
    file, colons, name = test.partition("::")
    return f"{SUITE / file}.py{colons}{name}"


def read_junit(path: Path) -> dict[str, str]:
    """Read the result of each test. A failed test whose cleanup fails too counts once."""
    results: dict[str, str] = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 (pytest wrote it)
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        outcomes = {child.tag for child in case}
        result = "failed" if outcomes & {"failure", "error"} else "skipped" if "skipped" in outcomes else "passed"
        if results.get(name) != "failed":
            results[name] = result
    return results
