"""Two runs side by side, and where they differ."""

import subprocess
import sys
from typing import Any

import pytest

from contract_tests import diff
from contract_tests.diff import DIFFERENT, NOT_RUN, SAME, Line, compare
from tests.contract.endpoint import Endpoint

ANSWER = "get-sms.json 200 SUCCESS"


def seen(tree: Any, result: str = "proven", why: str = "", answer: str = ANSWER) -> dict[str, Any]:
    return {"results": {"test_x": [result, why]}, "seen": {"test_x": {answer: tree}}}


def test_a_difference_names_method_test_field_and_both() -> None:
    (line,) = compare(seen({"sms": "int"}), seen({"sms": "text"}))
    assert line == Line("get-sms.json", "test_x", ".sms of 200 SUCCESS", "int", "text")
    assert str(line) == "get-sms.json · test_x · .sms of 200 SUCCESS: sandbox int, endpoint text"


def test_the_same_is_no_difference() -> None:
    assert list(compare(seen({"sms": "int"}), seen({"sms": "int"}))) == []


def test_another_code_is_two_answers_that_one_of_them_never_gave() -> None:
    other = seen({}, answer="get-sms.json 400 NOT_FOUND")
    assert [(each.sandbox, each.endpoint) for each in compare(seen({}), other)] == [
        ("seen", "never seen"),
        ("never seen", "seen"),
    ]


def test_what_holds_on_one_only_is_a_difference() -> None:
    (line,) = compare(seen({}), seen({}, "FAILED", "assert 1 == 2"))
    assert (line.sandbox, line.endpoint) == ("proven", "assert 1 == 2")


def test_what_was_skipped_on_one_is_not_compared() -> None:
    assert list(compare(seen({"sms": "int"}), seen({}, "skipped", "not granted"))) == []


@pytest.mark.parametrize(
    ("endpoint", "sandbox", "code"),
    [
        (seen({"sms": "int"}), seen({"sms": "int"}), SAME),
        (seen({"sms": "int"}), seen({"sms": "text"}), DIFFERENT),
        (None, seen({}), NOT_RUN),
        (seen({}), None, NOT_RUN),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, endpoint: Any, sandbox: Any, code: int) -> None:
    monkeypatch.setenv("ENDPOINT", "https://localhost:1")
    monkeypatch.setattr(diff, "run_suite", lambda given, _: endpoint if given else sandbox)
    assert diff.main([]) == code


def test_without_an_endpoint_there_is_nothing_to_compare(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENDPOINT", raising=False)
    assert diff.main([]) == NOT_RUN
    assert capsys.readouterr().err == "contract: give ENDPOINT, the address to compare with a sandbox.\n"


def run_diff(*flags: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "contract_tests.diff", *flags]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


def test_an_endpoint_is_compared_with_a_sandbox(endpoint: Endpoint) -> None:
    endpoint.changes["get-balance"] = {"currency": None}
    ran = run_diff("-k", "test_the_balance_is_told")
    assert ran.returncode == 1
    test = "test_account.test_the_balance_is_told_with_its_currency"
    first, second, end = ran.stdout.splitlines()
    assert first == f"get-balance.json · {test} · .currency of 200 SUCCESS: sandbox word, endpoint null"
    assert second.startswith(f"outcome · {test} · held: sandbox proven, endpoint Failed: get-balance.json")
    assert end == "2 differences in 1 of 1 tests that ran on both."


def test_what_can_not_be_run_is_no_comparison(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint
    monkeypatch.setenv("SECRET", "wrong")
    ran = run_diff("-k", "nothing")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.count("\n") == 1
