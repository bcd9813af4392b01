"""The suite against a server that answers every call with its documented example, and against wrong credentials."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.contract.example_server import documented, examples
from tests.contract.suite_runner import run_suite
from tests.sandbox import HANDSET, run_sandbox

FILES = ("test_account", "test_auth", "test_forms", "test_lists", "test_pagination", "test_reads", "test_refusals",
         "test_throttle")  # fmt: skip
"""The chapters that never wait for anything to happen, as nothing would."""

SHAPES_ONLY = (
    "test_account::test_the_balance_is_told_with_its_currency",
    "test_reads::test_it_answers_in_its_shape",
    "test_reads::test_verbs_and_formats_make_no_difference",
    "test_reads::test_parameters_nobody_knows_are_ignored",
)
"""Tests that ask for nothing but form: there the examples are right."""

WRONG_IN = {
    "who is let in": (
        "test_auth::test_whoever_is_wrong_is_refused",
        "test_auth::test_no_method_answers_without_credentials",
        "test_auth::test_no_method_answers_to_a_strange_key",
    ),
    "refusals": ("test_refusals::test_it_is_refused", "test_refusals::test_no_such_method"),
    "pages": ("test_pagination::test_beyond_the_end_there_are_no_items",),
    "what was made": (
        "test_lists::test_a_new_list_is_told_with_its_fields",
        "test_lists::test_a_removed_list_is_gone",
        "test_lists::test_names_keep_what_formats_must_escape",
    ),
    "the throttle": ("test_throttle::test_who_is_over_the_limit_is_refused_and_let_in_again",),
    "how calls are read": ("test_forms::test_names_keep_their_case",),
}
"""What there is nothing of behind the examples, and tests that must say so, in every case that is run."""


@pytest.fixture(scope="module")
def results(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Counter[str]]:
    """What became of the cases of each test."""
    with documented(certificates) as url:
        given = {"ENDPOINT": url, "CA": str(certificates.ca), "KEY": "any", "SECRET": "other", "RATE": "1000"}
        granted = {"SPEND": "100", "TO": f"{HANDSET},61491570157"}
        outcome = run_suite({**given, **granted}, tmp_path_factory.mktemp("documented"), FILES)
    assert outcome.code == 1, outcome.said
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for test, result in outcome.results.items():
        found[test.partition("[")[0]][result] += 1
    return found


@pytest.mark.parametrize("test", SHAPES_ONLY)
def test_where_only_form_is_asked_for_the_examples_pass(test: str, results: Mapping[str, Counter[str]]) -> None:
    assert results[test]["passed"] > 0
    assert results[test]["failed"] == 0


@pytest.mark.parametrize("area", WRONG_IN)
def test_wherever_there_should_be_more_behind_them_they_fail(area: str, results: Mapping[str, Counter[str]]) -> None:
    for test in WRONG_IN[area]:
        assert results[test]["failed"] > 0, test
        assert results[test]["passed"] == 0, test


def test_every_method_has_an_example() -> None:
    assert len(examples()) == 48


@pytest.mark.parametrize("about", ["key", "secret"])
def test_wrong_credentials_end_the_run_at_once_and_say_so(
    about: str, certificates: Certificates, tmp_path: Path
) -> None:
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        given = {"ENDPOINT": account.ready.https, "CA": account.ready.ca, "KEY": account.key, "SECRET": account.secret}
        wrongly = given | {about.upper(): f"not-the-{about}"}
        outcome = run_suite(wrongly, tmp_path, seconds=20)
    assert (outcome.code, outcome.results) == (2, {})
    assert "refuses these credentials (401): check KEY and SECRET." in outcome.said
    assert f"not-the-{about}" not in outcome.said
