"""The generated pages are up to date, and recognised as stale after changes."""

import json
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from contract_tests.observed_shapes import Recordings
from sms_sandbox.api.parity.evidence import EVIDENCE
from sms_sandbox.docs_generator import differences, parity
from sms_sandbox.docs_generator.__main__ import PAGES, find_stale_pages, main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the generated files."""
    for name in PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sms_sandbox.docs_generator", *arguments]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_no_page_is_stale() -> None:
    assert find_stale_pages(ROOT) == [], "run make docs"


def test_the_gate_checks_the_pages() -> None:
    check = re.findall(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "$(BIN)/python -m sms_sandbox.docs_generator --check" in check[0]


@pytest.mark.parametrize("name", ["docs/methods.md", "docs/parity.md", "docs/differences.md"])
def test_a_stale_page_fails_the_check_and_is_written_again(
    checkout: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = (checkout / name).read_text()
    (checkout / name).write_text(fresh.replace("`NOT_FOUND`", "`FOUND`").replace("never", "today"))
    checked = run(checkout, "--check")
    assert (checked.returncode, checked.stderr) == (1, f"Stale: {name}. Run make docs.\n")
    monkeypatch.chdir(checkout)
    assert main([]) is None
    assert (checkout / name).read_text() == fresh
    assert main(["--check"]) is None


def test_a_page_that_is_missing_is_stale(checkout: Path) -> None:
    (checkout / "docs" / "parity.md").unlink()
    assert find_stale_pages(checkout) == ["docs/parity.md"]


def test_a_new_recording_makes_the_pages_stale(checkout: Path) -> None:
    folder = checkout / "contract_tests" / "recorded"
    recordings = Recordings(folder)
    first = ("get-balance.xml 200 SUCCESS", "get-lists.json 200 SUCCESS", "get-sms.json 400 NOT_FOUND")
    recordings.write("first", {key: {} for key in first}, date(2030, 1, 31))
    second = ("get-balance.json 200 SUCCESS", "get-lists.json 401 AUTH_FAILED", "add-card.json 404 NOT_IMPLEMENTED")
    recordings.write("second", {key: {} for key in second}, date(2030, 2, 1))
    assert json.loads(parity.build_validated(folder)) == {
        "add-card": "2030-02-01",
        "get-balance": "2030-02-01",
        "get-lists": "2030-01-31",
    }
    assert find_stale_pages(checkout) == ["sms_sandbox/api/parity/validated.json"]


def test_outside_a_checkout_nothing_is_written(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert (ran.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "no folder docs" in ran.stderr


def test_a_page_without_markers_for_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match="0 places for the table 'known'"):
        differences.build_page("# Differences\n")


def test_the_page_on_parity_lists_every_method() -> None:
    page = parity.build_page()
    rows = re.findall(
        r"^\| \[([a-z-]+)\]\(methods.md#\1\) (?:\| [LRDCA]+ ){4}\| (\S+) \| \[\d+\]\(#\1\) \|$", page, re.MULTILINE
    )
    assert [name for name, _ in rows] == list(EVIDENCE)
    assert re.findall(r"^### ([a-z-]+)$", page, re.MULTILINE) == list(EVIDENCE)
    resting = re.findall(r"^\| [a-z][^|]+ \| \d+ \| (\d+) \|$", page, re.MULTILINE)
    assert sum(map(int, resting)) == len(EVIDENCE)
