"""`python -m contract_tests`: run the suite. What follows goes to pytest."""

import os
import sys
from pathlib import Path

import pytest

SLOWEST_TEST = 600
"""Seconds: a real message may take minutes to be delivered."""


def main() -> int:
    """Run the suite; the exit code."""
    flags = ["-q", "-r", "N", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    flags += [f"--timeout={SLOWEST_TEST}"]
    if junit := os.environ.get("JUNIT", "").strip():
        flags += [f"--junitxml={junit}"]
    if os.environ.get("RECORD", "").strip() not in ("", "0"):
        flags += ["--record"]
    return int(pytest.main([str(Path(__file__).parent), *flags, *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
