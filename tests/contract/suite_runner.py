"""The contract suite, run as its users run it: by its command, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
SUITE = ROOT / "contract_tests"

OURS = (
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


@dataclass(frozen=True)
class Outcome:
    """How a run ended. Tests are named as `test_auth::test_this[that]`."""

    code: int
    results: Mapping[str, str]
    """By test, `passed`, `failed` or `skipped`."""

    said: str

    def having(self, result: str) -> list[str]:
        """The tests of that result, in order."""
        return [test for test, found in self.results.items() if found == result]

    @property
    def failed(self) -> list[str]:
        return self.having("failed")


def run_suite(
    given: Mapping[str, str], folder: Path, tests: Sequence[str] = (), *arguments: str, seconds: float = 600
) -> Outcome:
    """Run the suite, or some tests of it, told these variables; its files go to `folder`."""
    junit = folder / "junit.xml"
    junit.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"JUNIT": str(junit), "PYTHONPATH": str(ROOT), **given}
    command = [sys.executable, "-m", "contract_tests"]
    if tests:
        quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--junitxml={junit}"]
        command = [sys.executable, "-m", "pytest", *quiet, *map(node_of, tests)]
    command += [f"--basetemp={folder / 'tmp'}", *arguments]
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    return Outcome(ran.returncode, read_junit(junit) if junit.exists() else {}, ran.stdout + ran.stderr)


def node_of(test: str) -> str:
    """A test, or a whole file of them, as pytest's command line names it."""
    file, colons, name = test.partition("::")
    return f"{SUITE / file}.py{colons}{name}"


def read_junit(path: Path) -> dict[str, str]:
    """What became of each test. One that failed and could not be put away counts once, as failed."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314 (pytest wrote it)
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        outcomes = {child.tag for child in case}
        result = "failed" if outcomes & {"failure", "error"} else "skipped" if "skipped" in outcomes else "passed"
        if found.get(name) != "failed":
            found[name] = result
    return found
