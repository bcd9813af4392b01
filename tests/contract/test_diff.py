"""The comparison of two runs of the suite."""

import subprocess
import sys
from typing import Any

import pytest

from contract_tests import diff
from contract_tests.diff import DIFFERENT, NOT_RUN, SAME, Line, compare
from tests.contract.endpoint import Endpoint

ANSWER = "get-sms.json 200 SUCCESS"


def run_result(tree: Any, result: str = "proven", why: str = "", answer: str = ANSWER) -> dict[str, Any]:
    return {"results": {"test_x": [result, why]}, "seen": {"test_x": {answer: tree}}}


def test_a_difference_names_method_test_field_and_both() -> None:
    (line,) = compare(run_result({"sms": "int"}), run_result({"sms": "text"}))
    assert line == Line("get-sms.json", "test_x", ".sms of 200 SUCCESS", "int", "text")
    assert str(line) == "get-sms.json · test_x · .sms of 200 SUCCESS: sandbox int, endpoint text"


def test_equal_shapes_are_no_difference() -> None:
    assert list(compare(run_result({"sms": "int"}), run_result({"sms": "int"}))) == []


def test_another_code_is_a_missing_answer_on_each_side() -> None:
    other = run_result({}, answer="get-sms.json 400 NOT_FOUND")
    assert [(item.sandbox, item.endpoint) for item in compare(run_result({}), other)] == [
        ("seen", "never seen"),
        ("never seen", "seen"),
    ]


def test_a_test_that_fails_on_one_side_is_a_difference() -> None:
    (line,) = compare(run_result({}), run_result({}, "FAILED", "assert 1 == 2"))
    assert (line.sandbox, line.endpoint) == ("proven", "assert 1 == 2")


def test_a_test_skipped_on_one_side_is_not_compared() -> None:
    assert list(compare(run_result({"sms": "int"}), run_result({}, "skipped", "not granted"))) == []


@pytest.mark.parametrize(
    ("endpoint", "sandbox", "code"),
    [
        (run_result({"sms": "int"}), run_result({"sms": "int"}), SAME),
        (run_result({"sms": "int"}), run_result({"sms": "text"}), DIFFERENT),
        (None, run_result({}), NOT_RUN),
        (run_result({}), None, NOT_RUN),
    ],
)
def test_the_exit_code_tells_if_there_is_a_difference(
    monkeypatch: pytest.MonkeyPatch, endpoint: Any, sandbox: Any, code: int
) -> None:
    monkeypatch.setenv("ENDPOINT", "https://localhost:1")
    monkeypatch.setattr(diff, "run_suite", lambda variables, _: endpoint if variables else sandbox)
    assert diff.main([]) == code


def test_without_an_endpoint_there_is_nothing_to_compare(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENDPOINT", raising=False)
    assert diff.main([]) == NOT_RUN
    assert capsys.readouterr().err == "contract: set ENDPOINT to the address to compare with a sandbox.\n"


def run_diff(*flags: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "contract_tests.diff", *flags]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def test_an_endpoint_is_compared_with_a_sandbox(endpoint: Endpoint) -> None:
    endpoint.changes["get-balance"] = {"currency": None}
    run = run_diff("-k", "test_the_balance_has")
    assert run.returncode == 1
    test = "test_account.test_the_balance_has_a_currency"
    first, second, end = run.stdout.splitlines()
    assert first == f"get-balance.json · {test} · .currency of 200 SUCCESS: sandbox word, endpoint null"
    assert second.startswith(f"outcome · {test} · result: sandbox proven, endpoint Failed: get-balance.json")
    assert end == "2 differences in 1 of 1 tests that ran on both."


def test_a_failed_run_is_not_compared(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("SECRET", "wrong")
    run = run_diff("-k", "nothing")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.count("\n") == 1
