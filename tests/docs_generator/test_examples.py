"""The projects in `examples/`, run as a user would run them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """A server for all runs, and its ready file."""
    ready_file = tmp_path_factory.mktemp("examples") / "ready.json"
    with Sandbox.start(certs=certificates.directory, ready_file=str(ready_file)) as sandbox:
        yield sandbox, ready_file


def run(folder: str, ready_file: Path, *args: str, **env: str) -> str:
    """Run the tests of an example against the server, and return pytest's output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "200", **env}
    options = ("-q", "-W", "error", "-p", "no:cacheprovider", "-p", "sms_sandbox.pytest_plugin", "-c", os.devnull)
    command = [
        sys.executable,
        "-m",
        "pytest",
        *options,
        f"--sms-sandbox-attach={ready_file}",
        "--rootdir=.",
        *args,
        ".",
    ]
    ran = subprocess.run(
        command, cwd=ROOT / "examples" / folder, env=clean, capture_output=True, text=True, timeout=100
    )
    return ran.stdout + ran.stderr


def counts(output: str) -> dict[str, int]:
    return {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", output)}


def failed(output: str) -> set[str]:
    return set(re.findall(r"^FAILED \S+::(\w+)", output, re.MULTILINE))


def test_each_bug_of_the_app_is_found_by_one_test(server: tuple[Sandbox, Path]) -> None:
    output = run("reminders", server[1], APP="buggy")
    assert failed(output) == {
        "test_a_lost_answer_does_not_make_two_reminders",
        "test_a_delivery_reported_twice_counts_once",
        "test_nothing_is_sent_after_stop",
    }, output
    assert counts(output) == {"failed": 3, "passed": 2}


def test_the_fixed_app_passes_the_same_tests(server: tuple[Sandbox, Path]) -> None:
    output = run("reminders", server[1], APP="fixed")
    assert counts(output) == {"passed": 5}, output


def test_tests_in_parallel_leave_no_trace_in_each_other(server: tuple[Sandbox, Path]) -> None:
    """The benchmarks do the same with a thousand tests."""
    sandbox, ready_file = server
    output = run("isolation", ready_file, "-p", "xdist", "-n2", COUNT="80")
    assert counts(output) == {"passed": 80}, output
    assert [each["name"] for each in sandbox.control("GET", "/tenants")["tenants"]] == ["default"]
    assert sandbox.messages() == []
