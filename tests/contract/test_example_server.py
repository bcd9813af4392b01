"""The suite against a server that answers with the documented examples, and with wrong credentials."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.contract.example_server import example_server, examples
from tests.contract.suite_runner import run_suite
from tests.sandbox import HANDSET, run_sandbox

FILES = ("test_account", "test_auth", "test_forms", "test_lists", "test_pagination", "test_reads", "test_refusals",
         "test_throttle")  # fmt: skip
"""The files whose tests never wait for an event, because the example server has none."""

SHAPES_ONLY = (
    "test_account::test_the_balance_has_a_currency",
    "test_reads::test_the_answer_has_its_shape",
    "test_reads::test_verbs_and_formats_make_no_difference",
    "test_reads::test_unknown_parameters_are_ignored",
)
"""Tests that check only shapes. The examples have the right ones."""

FAILING = {
    "authentication": (
        "test_auth::test_wrong_credentials_are_refused",
        "test_auth::test_no_method_answers_without_credentials",
        "test_auth::test_no_method_accepts_an_unknown_key",
    ),
    "refusals": ("test_refusals::test_the_call_is_refused", "test_refusals::test_an_unknown_method_is_refused"),
    "pages": ("test_pagination::test_beyond_the_end_there_are_no_items",),
    "created things": (
        "test_lists::test_a_new_list_has_its_fields",
        "test_lists::test_a_removed_list_is_gone",
        "test_lists::test_names_keep_special_characters",
    ),
    "the throttle": ("test_throttle::test_calls_over_the_limit_are_refused_for_a_second",),
    "reading of calls": ("test_forms::test_names_of_parameters_are_case_sensitive",),
}
"""Features that the example server lacks, and tests that must fail in all their cases."""


@pytest.fixture(scope="module")
def results(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Counter[str]]:
    """Count the results of each test's cases."""
    with example_server(certificates) as url:
        variables = {"ENDPOINT": url, "CA": str(certificates.ca), "KEY": "any", "SECRET": "other", "RATE": "1000"}
        granted = {"SPEND": "100", "TO": f"{HANDSET},61491570157"}
        run = run_suite({**variables, **granted}, tmp_path_factory.mktemp("examples"), FILES)
    assert run.code == 1, run.output
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for test, result in run.results.items():
        counts[test.partition("[")[0]][result] += 1
    return counts


@pytest.mark.parametrize("test", SHAPES_ONLY)
def test_the_examples_pass_where_only_the_shape_is_checked(test: str, results: Mapping[str, Counter[str]]) -> None:
    assert results[test]["passed"] > 0
    assert results[test]["failed"] == 0


@pytest.mark.parametrize("area", FAILING)
def test_the_examples_fail_where_state_is_checked(area: str, results: Mapping[str, Counter[str]]) -> None:
    for test in FAILING[area]:
        assert results[test]["failed"] > 0, test
        assert results[test]["passed"] == 0, test


def test_every_method_has_an_example() -> None:
    assert len(examples()) == 48


@pytest.mark.parametrize("about", ["key", "secret"])
def test_wrong_credentials_end_the_run_at_once(about: str, certificates: Certificates, tmp_path: Path) -> None:
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        variables = {
            "ENDPOINT": account.ready.https,
            "CA": account.ready.ca,
            "KEY": account.key,
            "SECRET": account.secret,
        }
        wrongly = variables | {about.upper(): f"not-the-{about}"}
        result = run_suite(wrongly, tmp_path, seconds=20)
    assert (result.code, result.results) == (2, {})
    assert "refuses these credentials (401): check KEY and SECRET." in result.output
    assert f"not-the-{about}" not in result.output
