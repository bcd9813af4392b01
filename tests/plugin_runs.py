"""Runs of pytest with the plugin, in folders of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType

from sms_sandbox.settings import PREFIX

ROOT = Path(__file__).parents[1]
LOADED = ("-p", "sms_sandbox.pytest_plugin")

NOTHING: Mapping[str, str] = MappingProxyType({})


class Runs:
    """Test runs in a folder of their own, only with the plugins that they name."""

    def __init__(self, folder: Path, certs: Path) -> None:
        self.folder = folder
        self._certs = certs

    def write(self, name: str, source: str) -> None:
        (self.folder / name).write_text(dedent(source))

    def run(
        self, *args: str, plugins: tuple[str, ...] = LOADED, certs: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> "Ran":
        """Run pytest with warnings as errors."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
        clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "100", **env}
        options = ("-q", "-p", "no:cacheprovider", "--strict-markers", f"--sms-sandbox-certs={certs or self._certs}")
        command = [sys.executable, "-W", "error", "-m", "pytest", *options, *plugins, *args]
        done = subprocess.run(command, cwd=self.folder, env=clean, capture_output=True, text=True, timeout=100)
        return Ran(done.stdout + done.stderr)


@dataclass(frozen=True)
class Ran:
    """The output of a run."""

    said: str

    def counts(self, **wanted: int) -> bool:
        """Return True if these are the counts, and there are no others."""
        outcomes = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", self.said)}
        assert outcomes == wanted, self.said
        return True

    def about(self, test: str) -> str:
        """Return the part of the output about a test that did not pass."""
        return re.split(r"\n_{3,} ", self.said.partition(f"_ {test} _")[2])[0]
