"""Run the suite on a new sandbox and on ENDPOINT, and print the differences: `python -m contract_tests.diff`.

Exit codes: 0 no difference, 1 differences, 2 the suite could not run.
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

from .observed_shapes import answer_differences
from .run import VARIABLES, read_environment

SAME, DIFFERENT, NOT_RUN = 0, 1, 2
FINISHED = {0, 1}
"""Exit codes of a run that was completed."""


@dataclass(frozen=True)
class Line:
    """A difference: its method, test and place, and the value on each side."""

    method: str
    test: str
    place: str
    sandbox: str
    endpoint: str

    def __str__(self) -> str:
        return f"{self.method} · {self.test} · {self.place}: sandbox {self.sandbox}, endpoint {self.endpoint}"


def compare(sandbox: Mapping[str, Any], endpoint: Mapping[str, Any]) -> Iterator[Line]:
    """Yield the differences of two runs, in the tests that ran on both."""
    for test in common_tests(sandbox, endpoint):
        shapes, other_shapes = sandbox["seen"].get(test, {}), endpoint["seen"].get(test, {})
        for answer, difference in answer_differences(shapes, other_shapes):
            method, _, status_and_code = answer.partition(" ")
            place = f"{difference.path} of {status_and_code}" if difference.path != "." else status_and_code
            yield Line(method, test, place, difference.left, difference.right)
        (result, why), (other_result, other_why) = sandbox["results"][test], endpoint["results"][test]
        if result != other_result:
            yield Line("outcome", test, "result", why or "proven", other_why or "proven")


def common_tests(sandbox: Mapping[str, Any], endpoint: Mapping[str, Any]) -> list[str]:
    """Return the tests that ran on both sides."""
    ran = [
        {test for test, (result, _) in side["results"].items() if result != "skipped"} for side in (sandbox, endpoint)
    ]
    return sorted(ran[0] & ran[1])


def run_suite(variables: Mapping[str, str], flags: Sequence[str]) -> Mapping[str, Any] | None:
    """Run the suite, and return what it observed. None if it was not completed; stderr then says why."""
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES and name != "JUNIT"}
    with TemporaryDirectory(prefix="contract-diff-") as folder:
        shapes = Path(folder) / "shapes.json"
        command = [sys.executable, "-m", "contract_tests", f"--shapes={shapes}", *flags]
        run = subprocess.run(command, env={**clean, **variables}, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode not in FINISHED or not shapes.exists():
            sys.stderr.write(run.stdout[-2000:])
            return None
        observed: Mapping[str, Any] = json.loads(shapes.read_text())
        return observed


def main(flags: Sequence[str]) -> int:
    """Run both, print the differences, and return the exit code."""
    variables = read_environment()
    if "ENDPOINT" not in variables:
        sys.stderr.write("contract: set ENDPOINT to the address to compare with a sandbox.\n")
        return NOT_RUN
    endpoint = run_suite(variables, flags)
    sandbox = run_suite({}, flags) if endpoint is not None else None
    if endpoint is None or sandbox is None:
        return NOT_RUN
    lines = list(compare(sandbox, endpoint))
    for line in lines:
        sys.stdout.write(f"{line}\n")
    compared, all_tests = len(common_tests(sandbox, endpoint)), len(sandbox["results"])
    sys.stdout.write(f"{len(lines)} differences in {compared} of {all_tests} tests that ran on both.\n")
    return DIFFERENT if lines else SAME


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
