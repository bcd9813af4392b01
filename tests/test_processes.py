"""The processes that tests start: they can be interrupted, and none outlives its test."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import let_children_be_interrupted, start_process

FOLDER = Path(__file__).parent
WAITING = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"]


@pytest.fixture
def _in_the_background() -> Iterator[None]:
    """Ignore SIGINT, as a background job of a script does."""
    yield from handling(signal.SIG_IGN)


@pytest.fixture
def _at_a_terminal() -> Iterator[None]:
    """Heed SIGINT, as Python does unless it is told otherwise."""
    yield from handling(signal.default_int_handler)


def handling(handler: Any) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_in_the_background")
def test_a_process_can_be_interrupted_where_the_tests_ignore_it() -> None:
    let_children_be_interrupted()
    with start_process(WAITING, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == -signal.SIGINT


@pytest.mark.usefixtures("_in_the_background")
def test_the_tests_go_on_ignoring_an_interrupt() -> None:
    let_children_be_interrupted()
    signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("_at_a_terminal")
def test_a_terminal_still_interrupts_the_tests() -> None:
    let_children_be_interrupted()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_failing_test_leaves_no_process_behind() -> None:
    with pytest.raises(subprocess.TimeoutExpired), start_process(WAITING) as process:
        process.wait(0.01)
    assert process.returncode == -signal.SIGKILL


def test_every_long_running_process_is_started_by_start_process() -> None:
    starts = re.compile(r"\bPopen\(")
    starting = [path.relative_to(FOLDER) for path in sorted(FOLDER.rglob("*.py")) if starts.search(path.read_text())]
    assert starting == [Path("processes.py")]
