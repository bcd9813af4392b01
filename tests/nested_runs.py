"""Runs of pytest inside of tests."""

import tomllib
from itertools import pairwise
from pathlib import Path

_OPTIONS = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]

WITHOUT_TOOLS = [
    option for pair in pairwise(_OPTIONS["addopts"]) if pair[0] == "-p" and pair[1].startswith("no:") for option in pair
]
"""Options that leave out what these tests leave out: plugins that are installed for the tests of some apps only."""
