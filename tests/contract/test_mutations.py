"""The suite against a deliberately wrong endpoint: each mutation is caught, and without one all tests pass."""

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
from tests.contract.exchanges import Answer, Exchange, forward_unchanged
from tests.contract.forked_suite import ForkedSuite, forked_suite
from tests.contract.mutating_proxy import mutating_proxy
from tests.contract.mutations import MUTATIONS
from tests.contract.mutators.combinators import answer_tree, with_tree
from tests.contract.suite_runner import ROOT, run_suite
from tests.sandbox import Account, run_sandbox

CAUGHT = mutate.read_caught()

PARTS = 4
"""Number of tests that share the mutations."""

CONCURRENT_RUNS = 3
"""Number of runs of the suite at once, in each of these tests."""


@pytest.fixture(scope="module")
def sandbox(certificates: Certificates) -> Iterator[Account]:
    """The sandbox behind all proxies. Each run of the suite creates its own tenant there."""
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(certificates.directory))) as account:
        yield account


@pytest.fixture(scope="module")
def suite() -> Iterator[ForkedSuite]:
    """The suite, loaded once for all mutations."""
    with forked_suite() as loaded:
        yield loaded


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.timeout(600)
def test_each_mutation_is_caught(
    part: int, suite: ForkedSuite, sandbox: Account, certificates: Certificates, tmp_path: Path
) -> None:
    """Run the first test that is known to catch each mutation. Some wait for a callback that never comes."""
    slowest_first = sorted(MUTATIONS, key=lambda name: MUTATIONS[name].relay is None)

    def uncaught(name: str) -> str | None:
        test = CAUGHT.get(name, [])[:1]
        if not test:
            return f"{name}: no test is known to catch it."
        (folder := tmp_path / name).mkdir()
        result = mutate.run_against(name, sandbox, certificates, folder, test, suite.run)
        return None if result.code == 1 and result.failed == test else f"{name}: {result.output[-2000:]}"

    with ThreadPoolExecutor(CONCURRENT_RUNS) as pool:
        problems = [problem for problem in pool.map(uncaught, slowest_first[part::PARTS]) if problem]
    assert not problems, "\n".join([*problems, "Repair the suite, or run make mutations with these names as ARGS."])


def test_an_endpoint_without_mutations_passes(sandbox: Account, certificates: Certificates, tmp_path: Path) -> None:
    """Run the same tests through a proxy that parses answers and builds them again."""

    def rebuild(exchange: Exchange) -> Answer:
        answer = forward_unchanged(exchange)
        tree = answer_tree(answer)
        rebuilt = answer if tree is None else with_tree(answer, tree)
        assert rebuilt.plain == answer.plain
        return rebuilt

    chosen = sorted({CAUGHT[name][0] for name in MUTATIONS if CAUGHT.get(name)})
    with mutating_proxy(sandbox.ready, certificates, rebuild, lambda callback, send: send(callback)) as endpoint:
        variables = {"ENDPOINT": endpoint.url, "CA": str(certificates.ca)}
        result = run_suite(variables, tmp_path, chosen)
    assert result.code == 0, result.output
    assert sorted(result.tests_with("passed")) == chosen


def test_the_tests_that_are_named_exist() -> None:
    command = [sys.executable, "-m", "contract_tests", "--collect-only"]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    existing = set(re.findall(r"^contract_tests/(\w+)\.py(::.+)$", collected, re.MULTILINE))
    named = {test for tests in CAUGHT.values() for test in tests}
    assert named - {file + name for file, name in existing} == set(), "run make mutations"


def test_the_page_shows_what_caught_each() -> None:
    assert mutate.PAGE.read_text() == mutate.page(CAUGHT), "run make mutations"
    assert set(CAUGHT) == set(mutate.ALL)
    assert all(CAUGHT.values())


def test_an_unknown_mutation_is_an_error() -> None:
    assert mutate.main(["nothing-of-the-kind"]) == "There is no mutation nothing-of-the-kind."
