"""The suite covers each method and each documented refusal, and each test declares its needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.codes import CLIENT_METHODS, DESCRIPTIONS, MESSAGE_METHODS, is_documented, status_of
from contract_tests.reads import READS
from contract_tests.refusals import CASES
from contract_tests.run import VARIABLES
from contract_tests.shapes import METHODS, NOT_IMPLEMENTED, PAGED, SHAPES

ROOT = Path(__file__).parents[2]
COMMON = {"AUTH_FAILED_NO_DATA", "AUTH_FAILED", "OVER_LIMIT", "NOT_IMPLEMENTED"}
"""Codes of every method, which test_auth and test_throttle cover."""

FURTHER = {
    "send-sms": {"RECIPIENTS_ERROR", "LIST_EMPTY", "NOT_FOUND", "BAD_CALLER_ID", "NO_ACCESS", "FIELD_INVALID"},
    "cancel-sms": {"ALREADY_SENT"},
    "add-list": {"KEY_EXISTS"},
    "add-field-to-list": {"MISSING_PARAM", "NOT_FOUND"},
    "add-to-list": {"BAD_MOBILE", "BAD_MOBILE_COUNTRY", "OPTOUT", "DUPLICATE_DELETED", "KEY_EXISTS", "NOT_FOUND"},
    "edit-list-member": {"BAD_MOBILE", "BAD_MOBILE_COUNTRY", "OPTOUT", "DUPLICATE_DELETED", "NOT_FOUND"},
    "add-contacts-bulk": {"KEY_EXISTS", "NOT_FOUND"},
    "lease-number": {"FIELD_INVALID", "LEDGER_ERROR"},
    "edit-number-options": {"FIELD_INVALID", "NOT_FOUND"},
    "add-keyword": {"KEY_EXISTS", "FIELD_INVALID", "NOT_FOUND"},
    "edit-keyword": {"NOT_FOUND", "FIELD_INVALID"},
    "add-client": {"KEY_EXISTS", "NO_ACCESS"},
    "edit-client": {"KEY_EXISTS", "NOT_FOUND", "NO_ACCESS"},
    "get-contact-sms-stats": {"FIELD_INVALID"},
    "set-list-callback": {"NOT_FOUND", "FIELD_INVALID"},
    **{method: {"NOT_FOUND"} for method in ("remove-list", "get-list", "delete-from-list", "optout-list-member",
                                            "get-contact", "add-contacts-bulk-progress", "delete-email")},
    **{method: {"NOT_IMPLEMENTED"} for method in NOT_IMPLEMENTED},
}  # fmt: skip
"""The further codes of methods, from the reference's index (13.1)."""


def asked(method: str) -> set[str]:
    return {case.code for case in CASES if case.method == method}


def test_there_are_48_methods() -> None:
    assert len(METHODS) == len(set(METHODS)) == 48
    assert set(PAGED) <= set(READS) <= set(SHAPES)


@pytest.mark.parametrize("method", FURTHER)
def test_every_documented_refusal_has_a_case(method: str) -> None:
    assert FURTHER[method] <= asked(method)


def test_every_method_of_a_message_or_a_client_is_refused_in_each_way() -> None:
    for method in MESSAGE_METHODS:
        assert {"FIELD_EMPTY", "FIELD_INVALID", "NOT_FOUND", "NO_ACCESS"} <= asked(method)
    for method in CLIENT_METHODS:
        assert "NO_ACCESS" in asked(method)


def test_every_code_has_a_case() -> None:
    assert set(DESCRIPTIONS) - {case.code for case in CASES} <= COMMON


def test_cases_have_unique_names_and_documented_descriptions() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    for case in CASES:
        assert case.method in METHODS
        assert case.description is None or is_documented(case.code, case.description), case.name


def test_descriptions_and_statuses_of_codes() -> None:
    assert is_documented("FIELD_EMPTY", "Required field 'msisdn' is empty")
    assert is_documented("FIELD_EMPTY", "Field msisdn is required")
    assert not is_documented("FIELD_EMPTY", "Field  is needed")
    assert not is_documented("FIELD_EMPTY", "Required field '' is empty")
    assert not is_documented("NOT_FOUND", "Message with this ID does not exist.")
    assert not is_documented("STRANGE", "x")
    assert is_documented("RECIPIENTS_ERROR", {"fails": [12, "012"], "optouts": []})
    assert is_documented("RECIPIENTS_ERROR", {"fails": [12], "optouts": [12], "reason": "Number has opted-out"})
    wrong: object
    for wrong in (
        "No valid recipients left after validation.", {"fails": []}, {"optouts": [], "fails": []},
        {"fails": [None], "optouts": []}, {"fails": [12], "optouts": [12]}, {"fails": 12, "optouts": []},
        {"fails": [12], "optouts": [], "reason": "Number has opted-out"},
    ):  # fmt: skip
        assert not is_documented("RECIPIENTS_ERROR", wrong), wrong
    assert not is_documented("NOT_FOUND", {"fails": [12], "optouts": []})
    assert [status_of(item) for item in ("SUCCESS", "AUTH_FAILED", "OVER_LIMIT", "NOT_IMPLEMENTED", "X")] == [
        200, 401, 429, 404, 400,
    ]  # fmt: skip


def test_every_test_has_declarations_and_every_method_a_test() -> None:
    clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [sys.executable, "-m", "contract_tests", "--collect-only"]
    run = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=100)
    assert run.returncode == 0, run.stdout
    for method in METHODS:
        assert f"[{method}]" in run.stdout


def test_the_variables_are_in_the_readme() -> None:
    readme = (ROOT / "contract_tests" / "README.md").read_text()
    for name in (*VARIABLES, "JUNIT", "RECORD"):
        assert f"`{name}`" in readme, name
