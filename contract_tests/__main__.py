"""Run the contract suite: `python -m contract_tests`. Arguments are passed on to pytest."""

import os
import sys
from pathlib import Path

import pytest

TEST_TIMEOUT_SECONDS = 600
"""Longest time for a test, in seconds. Delivery of a real message may take minutes."""


def main() -> int:
    """Run the suite, and return the exit code."""
    flags = ["-q", "-r", "N", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    flags += [f"--timeout={TEST_TIMEOUT_SECONDS}"]
    if junit := os.environ.get("JUNIT", "").strip():
        flags += [f"--junitxml={junit}"]
    if os.environ.get("RECORD", "").strip() not in ("", "0"):
        flags += ["--record"]
    return int(pytest.main([str(Path(__file__).parent), *flags, *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
