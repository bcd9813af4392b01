"""The recipes in the documentation run as written."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "recipes.md").read_text()
RECIPES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(folder: Path, *command: str) -> str:
    """Run Python with warnings as errors in a folder, and return its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-W", "error", *command)
    ran = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=100)
    return ran.stdout + ran.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with each recipe as a test file."""
    for number, recipe in enumerate(RECIPES):
        (tmp_path / f"test_recipe_{number}.py").write_text(recipe)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return tmp_path


def test_each_recipe_passes(folder: Path, certificates: Certificates) -> None:
    plugins = ("-p", "sms_sandbox.pytest_plugin", "-p", "pytest_asyncio.plugin", "-p", "anyio.pytest_plugin")
    options = (*plugins, "-p", "no:cacheprovider", f"--sms-sandbox-certs={certificates.directory}")
    output = run(folder, "-m", "pytest", "-q", *options)
    assert len(RECIPES) >= 8
    assert sum(recipe.count("def test_") for recipe in RECIPES) == len(RECIPES)
    assert re.search(rf"^{len(RECIPES)} passed in ", output, re.MULTILINE), output


def test_unittest_needs_no_pytest(folder: Path) -> None:
    (number,) = [number for number, recipe in enumerate(RECIPES) if "import unittest" in recipe]
    output = run(folder, f"test_recipe_{number}.py")
    assert output.endswith("\nOK\n"), output


def test_the_table_links_to_sections_of_the_page() -> None:
    links = re.findall(r"\(#([a-z-]+)\)", PAGE)
    anchors = {
        re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    }
    assert len(links) >= 5
    assert set(links) <= anchors
