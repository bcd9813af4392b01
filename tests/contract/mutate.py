"""`make mutations`: run the whole suite against every mutation, and write down which tests caught each.

With names behind it, it does so for these alone, and keeps what is known of the others.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.settings import Settings
from tests.contract.mutating_proxy import wrong
from tests.contract.mutations import EACH_METHOD, MUTATIONS, Mutation
from tests.contract.suite_runner import ROOT, Outcome, run_suite
from tests.sandbox import Account, run_sandbox

ALL = {**MUTATIONS, **EACH_METHOD}

CAUGHT = Path(__file__).parent / "caught.json"
PAGE = ROOT / "docs" / "mutations.md"

MOST = 5
"""Tests that are kept for a mutation; a run ends when so many have failed."""

AT_ONCE = 2

INTRODUCTION = """# The proof that the suite can fail

The contract suite is worth what it notices. So it is run against a deliberately wrong endpoint: a proxy in front of a
sandbox that spoils calls, answers or callbacks in one way at a time. Each way below must be caught by the tests named,
and with none the suite must pass. `make test` repeats one test for each way of the first table; `make mutations` runs
the whole suite against each of both, until five tests have failed, and writes this page.

Another server answers every call with the example the docs show for it, and has nothing behind that: the suite passes
where only shapes are asked for, and fails wherever there should be state, refusals, accounts or time.
"""


def run_against(
    mutation: str, sandbox: Account, certificates: Certificates, folder: Path, tests: Sequence[str] = ()
) -> Outcome:
    """Run the suite, or some of its tests, against a sandbox that is wrong in one way; a blank is none."""
    ways = ALL.get(mutation)
    with wrong(sandbox.ready, certificates, *((ways.spoil, ways.relay, ways.told) if ways else ())) as endpoint:
        given = {"ENDPOINT": endpoint.url, "CA": str(certificates.ca), "KEY": sandbox.key, "SECRET": sandbox.secret}
        return run_suite(given, folder, tests, *([f"--maxfail={MOST}"] if ways else []))


@contextmanager
def sandbox() -> Iterator[tuple[Account, Certificates]]:
    """A sandbox of our own."""
    with TemporaryDirectory() as folder:
        certificates = ensure(Path(folder))
        with run_sandbox(Settings(https_port=0, http_port=0, certs=folder)) as account:
            yield account, certificates


def known() -> dict[str, list[str]]:
    """The tests that caught each mutation, when the whole suite was last run."""
    found: dict[str, list[str]] = json.loads(CAUGHT.read_text()) if CAUGHT.exists() else {}
    return {name: found[name] for name in ALL if name in found}


def page(caught: Mapping[str, Sequence[str]]) -> str:
    """docs/mutations.md."""
    ways = [INTRODUCTION, f"## {len(MUTATIONS)} ways to be wrong\n", *table(MUTATIONS, caught)]
    methods = [f"\n## The same in each of {len(EACH_METHOD)} methods\n", *table(EACH_METHOD, caught)]
    return "\n".join([*ways, *methods]) + "\n"


def table(of: Mapping[str, Mutation], caught: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "| Name | What is wrong | Caught by |\n|---|---|---|"
    for name, ways in of.items():
        yield f"| `{name}` | {ways.does} | {shown(caught.get(name, ()))} |"


def shown(tests: Sequence[str]) -> str:
    """The first tests, their parameters left out."""
    names = list(dict.fromkeys(test.partition("[")[0] for test in tests))
    return ", ".join(f"`{name}`" for name in names) or "**nothing**"


def main(names: Sequence[str]) -> str | None:
    """What is wrong with the suite, or nothing."""
    if unknown := set(names) - ALL.keys():
        return f"There is no mutation {', '.join(sorted(unknown))}."
    caught = known()
    with sandbox() as (account, certificates), TemporaryDirectory() as work, ThreadPoolExecutor(AT_ONCE) as pool:

        def run(name: str, tests: Sequence[str] = ()) -> Outcome:
            folder = Path(mkdtemp(dir=work))
            return run_against(name, account, certificates, folder, tests)

        def catching(name: str) -> list[str]:
            """The tests that fail; first one that does so by itself too, not for what others left behind."""
            found = run(name).failed[:MOST]
            alone = next((test for test in found if run(name, [test]).failed == [test]), None)
            return [alone, *(test for test in found if test != alone)] if alone else []

        plain = run("")
        if plain.code != 0:
            return f"Without any mutation the suite fails: {', '.join(plain.failed) or plain.said}"
        wanted = names or list(ALL)
        for name, tests in zip(wanted, pool.map(catching, wanted), strict=True):
            caught[name] = tests
            print(f"{name}: {shown(tests)}", flush=True)
    CAUGHT.write_text(json.dumps({name: caught[name] for name in ALL if name in caught}, indent=1) + "\n")
    PAGE.write_text(page(caught))
    missed = [name for name in ALL if not caught.get(name)]
    return f"Not caught: {', '.join(missed)}." if missed else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
