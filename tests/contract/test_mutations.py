"""The suite against a deliberately wrong endpoint: each way to be wrong is caught, and none at all is let pass."""

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.contract import mutate
from tests.contract.exchanges import Answer, Exchange, faithfully
from tests.contract.mutating_proxy import wrong
from tests.contract.mutations import MUTATIONS
from tests.contract.mutators.combinators import tree_of, with_tree
from tests.contract.suite_runner import ROOT, run_suite
from tests.sandbox import Account, run_sandbox

CAUGHT = mutate.known()

PARTS = 4
"""Tests that share the mutations."""

AT_ONCE = 3
"""Runs of the suite that each of them has under way."""


@pytest.fixture(scope="module")
def sandbox(certificates: Certificates) -> Iterator[Account]:
    """One sandbox behind all the wrong endpoints; the suite makes a tenant of its own in each run."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(600)
def test_each_way_to_be_wrong_is_caught(
    part: int, sandbox: Account, certificates: Certificates, tmp_path: Path
) -> None:
    """By the first of the tests that are known to; some of these wait for a callback that never comes."""
    slowest_first = sorted(MUTATIONS, key=lambda name: MUTATIONS[name].relay is None)

    def uncaught(name: str) -> str | None:
        test = CAUGHT.get(name, [])[:1]
        if not test:
            return f"{name}: no test is known to catch it."
        (folder := tmp_path / name).mkdir()
        outcome = mutate.run_against(name, sandbox, certificates, folder, test)
        return None if outcome.code == 1 and outcome.failed == test else f"{name}: {outcome.said[-2000:]}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [each for each in pool.map(uncaught, slowest_first[part::PARTS]) if each]
    assert not found, "\n".join([*found, "Mend the suite, or run make mutations with these names as ARGS."])


def test_what_is_not_wrong_passes(sandbox: Account, certificates: Certificates, tmp_path: Path) -> None:
    """The same tests through a proxy that takes answers apart and puts them together again."""

    def respelled(exchange: Exchange) -> Answer:
        answer = faithfully(exchange)
        tree = tree_of(answer)
        again = answer if tree is None else with_tree(answer, tree)
        assert again.plain == answer.plain
        return again

    chosen = sorted({CAUGHT[name][0] for name in MUTATIONS if CAUGHT.get(name)})
    with wrong(sandbox.ready, certificates, respelled, lambda callback, send: send(callback)) as endpoint:
        given = {"ENDPOINT": endpoint.url, "CA": str(certificates.ca)}
        outcome = run_suite(given, tmp_path, chosen)
    assert outcome.code == 0, outcome.said
    assert sorted(outcome.having("passed")) == chosen


def test_the_tests_that_are_named_exist() -> None:
    command = [sys.executable, "-m", "contract_tests", "--collect-only"]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    there = set(re.findall(r"^contract_tests/(\w+)\.py(::.+)$", collected, re.MULTILINE))
    named = {test for tests in CAUGHT.values() for test in tests}
    assert named - {file + name for file, name in there} == set(), "run make mutations"


def test_the_page_shows_what_caught_each() -> None:
    assert mutate.PAGE.read_text() == mutate.page(CAUGHT), "run make mutations"
    assert set(CAUGHT) == set(mutate.ALL)
    assert all(CAUGHT.values())


def test_an_unknown_mutation_is_an_error() -> None:
    assert mutate.main(["nothing-of-the-kind"]) == "There is no mutation nothing-of-the-kind."
