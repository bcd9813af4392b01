"""Run the whole suite against every mutation, and write docs/mutations.md: `make mutations`.

If names are given, only these mutations are run, and the known results of the others are kept.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.settings import Settings
from tests.contract.mutating_proxy import mutating_proxy
from tests.contract.mutations import EACH_METHOD, MUTATIONS, Mutation
from tests.contract.suite_runner import ROOT, SuiteResult, run_suite
from tests.sandbox import Account, run_sandbox

ALL = {**MUTATIONS, **EACH_METHOD}

CAUGHT = Path(__file__).parent / "caught.json"
PAGE = ROOT / "docs" / "mutations.md"

MAX_FAILURES = 5
"""A run ends after this many failed tests. They are stored for the mutation."""

CONCURRENT_RUNS = 2

INTRODUCTION = """# The proof that the suite can fail

A test suite is worth the errors it finds. So the contract suite also runs against a deliberately wrong endpoint: a
proxy in front of a sandbox that changes calls, answers or callbacks, with one mutation at a time. Each mutation below
must be caught by the tests named, and without a mutation the suite must pass. `make test` repeats one test for each
mutation of the first table. `make mutations` runs the whole suite against every mutation of both tables, until five
tests have failed, and writes this page.

Another server answers every call with the example from the docs, and has no logic at all. There the suite passes only
where shapes alone are checked, and fails where state, refusals, accounts or time are.
"""


def run_against(
    mutation: str, sandbox: Account, certificates: Certificates, folder: Path, tests: Sequence[str] = (),
    run: Callable[..., SuiteResult] = run_suite,
) -> SuiteResult:  # fmt: skip
    """Run the suite, or some of its tests, with a mutation. A blank name means no mutation."""
    chosen = ALL.get(mutation)
    with mutating_proxy(
        sandbox.ready, certificates, *((chosen.mutate, chosen.relay, chosen.mutate_control) if chosen else ())
    ) as endpoint:
        variables = {"ENDPOINT": endpoint.url, "CA": str(certificates.ca), "KEY": sandbox.key, "SECRET": sandbox.secret}
        return run(variables, folder, tests, *([f"--maxfail={MAX_FAILURES}"] if chosen else []))


@contextmanager
def sandbox() -> Iterator[tuple[Account, Certificates]]:
    """Run a sandbox with its own certificates."""
    with TemporaryDirectory() as folder:
        certificates = ensure(Path(folder))
        with run_sandbox(Settings(https_port=0, http_port=0, certs=folder)) as account:
            yield account, certificates


def read_caught() -> dict[str, list[str]]:
    """Return the tests that caught each mutation in the last run of the whole suite."""
    caught: dict[str, list[str]] = json.loads(CAUGHT.read_text()) if CAUGHT.exists() else {}
    return {name: caught[name] for name in ALL if name in caught}


def page(caught: Mapping[str, Sequence[str]]) -> str:
    """Return docs/mutations.md."""
    general = [INTRODUCTION, f"## {len(MUTATIONS)} mutations\n", *table(MUTATIONS, caught)]
    methods = [f"\n## An undocumented key in each of {len(EACH_METHOD)} methods\n", *table(EACH_METHOD, caught)]
    return "\n".join([*general, *methods]) + "\n"


def table(mutations: Mapping[str, Mutation], caught: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table of mutations."""
    yield "| Name | What is wrong | Caught by |\n|---|---|---|"
    for name, mutation in mutations.items():
        yield f"| `{name}` | {mutation.description} | {format_tests(caught.get(name, ()))} |"


def format_tests(tests: Sequence[str]) -> str:
    """Return the names of tests, without parameters."""
    names = list(dict.fromkeys(test.partition("[")[0] for test in tests))
    return ", ".join(f"`{name}`" for name in names) or "**nothing**"


def main(names: Sequence[str]) -> str | None:
    """Run the mutations, and return an error message, or None if all were caught."""
    if unknown := set(names) - ALL.keys():
        return f"There is no mutation {', '.join(sorted(unknown))}."
    caught = read_caught()
    with (
        sandbox() as (account, certificates),
        TemporaryDirectory() as work,
        ThreadPoolExecutor(CONCURRENT_RUNS) as pool,
    ):

        def run(name: str, tests: Sequence[str] = ()) -> SuiteResult:
            folder = Path(mkdtemp(dir=work))
            return run_against(name, account, certificates, folder, tests)

        def find_catching_tests(name: str) -> list[str]:
            """Return the tests that fail. The first one also fails alone, without leftovers of others."""
            failed = run(name).failed[:MAX_FAILURES]
            alone = next((test for test in failed if run(name, [test]).failed == [test]), None)
            return [alone, *(test for test in failed if test != alone)] if alone else []

        plain = run("")
        if plain.code != 0:
            return f"Without any mutation the suite fails: {', '.join(plain.failed) or plain.output}"
        wanted = names or list(ALL)
        for name, tests in zip(wanted, pool.map(find_catching_tests, wanted), strict=True):
            caught[name] = tests
            print(f"{name}: {format_tests(tests)}", flush=True)
    CAUGHT.write_text(json.dumps({name: caught[name] for name in ALL if name in caught}, indent=1) + "\n")
    PAGE.write_text(page(caught))
    missed = [name for name in ALL if not caught.get(name)]
    return f"Not caught: {', '.join(missed)}." if missed else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
