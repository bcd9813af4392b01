"""Recordings of a run, and the comparison of a sandbox with them."""

import json
import os
from datetime import date
from pathlib import Path

import pytest

from contract_tests.run import read_variables, start_run
from contract_tests.target import UnusableError
from tests.contract.endpoint import HIDDEN, KEY, SECRET, Endpoint
from tests.contract.small_suite import READS, Suite, output_of

pytest_plugins = "pytester"


ADDS = """
@needs(STATE)
@about("add-to-list")
def test_recordings_are_merged(api):
    api.ok("add-to-list", list_id=7, msisdn="61491570156")
"""


def test_a_recording_holds_shapes_and_nothing_of_the_account(suite: Suite, tmp_path: Path) -> None:
    suite(ADDS, flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(passed=1)
    (file,) = tmp_path.glob("*.json")
    text = file.read_text()
    for hidden in (*map(str, HIDDEN.values()), KEY, SECRET, "61491570156", "127.0.0.1"):
        assert hidden not in text
    kept = json.loads(text)
    assert kept["test"] == "test_small.test_recordings_are_merged"
    assert kept["answers"]["add-to-list.json 200 SUCCESS"]["fields"] == {"*": "text"}
    assert date.fromisoformat(kept["date"])


def test_a_failed_test_records_nothing(suite: Suite, tmp_path: Path) -> None:
    suite(ADDS + "    assert False\n", flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(
        failed=1
    )
    assert list(tmp_path.glob("*.json")) == []


def test_nothing_is_recorded_of_a_sandbox(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.info = {"name": "sms-sandbox"}
    with pytest.raises(UnusableError, match="this endpoint is a sandbox"):
        start_run(read_variables(os.environ), tmp_path, is_recording=True)
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_is_held_to_the_recording(suite: Suite, endpoint: Endpoint, tmp_path: Path) -> None:
    suite(ADDS, flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(passed=1)
    endpoint.info = {"name": "sms-sandbox"}
    suite(ADDS, flags=(f"--recorded={tmp_path}",)).assert_outcomes(passed=1)
    endpoint.changes["add-to-list"] = {"last_name": "Uno"}
    run = suite(ADDS, flags=(f"--recorded={tmp_path}",))
    run.assert_outcomes(failed=1)
    assert ".last_name: text here, null recorded" in output_of(run)


def test_missing_and_stale_recordings_are_reported(suite: Suite, tmp_path: Path) -> None:
    flags = (f"--recorded={tmp_path}",)
    assert "1 of 1 tests have never been recorded" in output_of(suite(READS, flags=flags))
    suite(READS, flags=("--record", *flags))
    fresh = output_of(suite(READS, flags=flags))
    assert "never been recorded" not in fresh
    assert "1 fresh" in fresh
    (file,) = tmp_path.glob("*.json")
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "date": "2020-01-31"}))
    assert "The recording of test_small.test_reading is stale, of 2020-01-31." in output_of(suite(READS, flags=flags))
