"""`python -m contract_tests.diff`: the suite against a fresh sandbox and against ENDPOINT, and where they differ.

Exit codes: 0 they do not differ, 1 they do, 2 it could not be run.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .observed_shapes import unlike
from .run import VARIABLES, environment

SAME, DIFFERENT, NOT_RUN = 0, 1, 2
FINISHED = {0, 1}
"""Exit codes of a run of the suite that came to its end."""


@dataclass(frozen=True)
class Line:
    """A difference: of which method, in which test, where, what the sandbox says and what the endpoint."""

    method: str
    test: str
    at: str
    sandbox: str
    endpoint: str

    def __str__(self) -> str:
        return f"{self.method} · {self.test} · {self.at}: sandbox {self.sandbox}, endpoint {self.endpoint}"


def compare(sandbox: Mapping[str, Any], endpoint: Mapping[str, Any]) -> Iterator[Line]:
    """Where two runs differ, in the tests that both have run."""
    for test in both(sandbox, endpoint):
        here, there = sandbox["seen"].get(test, {}), endpoint["seen"].get(test, {})
        for at, found in unlike(here, there):
            answer = at.partition(" ")
            where = f"{found.at} of {answer[2]}" if found.at != "." else answer[2]
            yield Line(answer[0], test, where, found.this, found.that)
        (result, why), (other_result, other_why) = sandbox["results"][test], endpoint["results"][test]
        if result != other_result:
            yield Line("outcome", test, "held", why or "proven", other_why or "proven")


def both(sandbox: Mapping[str, Any], endpoint: Mapping[str, Any]) -> list[str]:
    """The tests that ran on both."""
    ran = [
        {test for test, (result, _) in each["results"].items() if result != "skipped"} for each in (sandbox, endpoint)
    ]
    return sorted(ran[0] & ran[1])


def run_suite(given: Mapping[str, str], flags: Sequence[str]) -> Mapping[str, Any] | None:
    """What a run of the suite saw; None if it never came to its end, which it has said on stderr."""
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES and name != "JUNIT"}
    with TemporaryDirectory(prefix="contract-diff-") as folder:
        shapes = Path(folder) / "shapes.json"
        command = [sys.executable, "-m", "contract_tests", f"--shapes={shapes}", *flags]
        ran = subprocess.run(command, env={**clean, **given}, stdout=subprocess.PIPE, text=True, check=False)
        if ran.returncode not in FINISHED or not shapes.exists():
            sys.stderr.write(ran.stdout[-2000:])
            return None
        found: Mapping[str, Any] = json.loads(shapes.read_text())
        return found


def main(flags: Sequence[str]) -> int:
    """Run both and print the differences; the exit code."""
    given = environment()
    if "ENDPOINT" not in given:
        sys.stderr.write("contract: give ENDPOINT, the address to compare with a sandbox.\n")
        return NOT_RUN
    endpoint = run_suite(given, flags)
    sandbox = run_suite({}, flags) if endpoint is not None else None
    if endpoint is None or sandbox is None:
        return NOT_RUN
    lines = list(compare(sandbox, endpoint))
    for line in lines:
        sys.stdout.write(f"{line}\n")
    compared, all_tests = len(both(sandbox, endpoint)), len(sandbox["results"])
    sys.stdout.write(f"{len(lines)} differences in {compared} of {all_tests} tests that ran on both.\n")
    return DIFFERENT if lines else SAME


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
