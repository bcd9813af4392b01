"""The suite's pytest plugin: declarations of tests, grants, fixtures, and the table at the end."""

import json
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .callback_receiver import Receiver
from .client import Api
from .grants import Need
from .run import RECORDED, Run, read_environment, start_run, today
from .scene import Known, Scene, build_scene, find_known
from .table import Outcome, table
from .target import Control, UnusableError

RUN: pytest.StashKey[Run] = pytest.StashKey()
EXIT_UNUSABLE = 2
FIXTURES_READING_ACCOUNT = {"known", "scene"}
"""Fixtures of tests that read older data of the account. It has nulls and missing keys by chance."""


def about(*methods: str) -> pytest.MarkDecorator:
    """Declare the methods a test is about. A test with a parameter `method` is about that method."""
    return pytest.mark.about(*methods)


def needs(*wanted: Need, why: str = "") -> pytest.MarkDecorator:
    """Declare what a test needs, and why, if its name does not tell."""
    return pytest.mark.needs(*wanted, why=why)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract suite; its README.md lists the environment variables")
    group.addoption("--record", action="store_true", help="Record the shapes of the real endpoint's answers.")
    group.addoption("--recorded", type=Path, default=RECORDED, help="Folder of the recordings.")
    group.addoption("--shapes", type=Path, default=None, help="Write the shapes of all answers to this file.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "about(*methods): the methods of the API a test is about")
    config.addinivalue_line("markers", "needs(*needs, why): what a test needs, and why")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Find the endpoint before anything else. If it cannot be used, print one line and exit."""
    if config.option.collectonly or config.option.help or config.option.version:
        return None
    try:
        config.stash[RUN] = start_run(read_environment(), config.option.recorded, config.option.record)
    except UnusableError as error:
        sys.stderr.write(f"contract: {error}\n")
        return EXIT_UNUSABLE
    return None


def pytest_report_header(config: pytest.Config) -> str:
    run = config.stash.get(RUN, None)
    if run is None:
        return "contract: no endpoint, tests are not run"
    kind = "a sandbox" if run.grants.is_sandbox else "not a sandbox"
    return f"contract: {run.address.url}, {kind}"


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()


# Declarations of tests


def methods_of(item: pytest.Item) -> list[str]:
    """Return the methods a test is about."""
    methods = [method for mark in item.iter_markers("about") for method in mark.args]
    spec = getattr(item, "callspec", None)
    return methods or ([str(spec.params["method"])] if spec and "method" in spec.params else [])


def needs_of(item: pytest.Item) -> set[Need]:
    """Return all needs of a test: from its own marks, its file's and its parameters'."""
    return {need for mark in item.iter_markers("needs") for need in mark.args}


def name_of(item: pytest.Item) -> str:
    """Return a test's name for tables and recordings: the file's name and its own."""
    return f"{item.path.stem}.{item.name}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash.get(RUN, None)
    # The tests for leftovers must run after all others.
    items.sort(key=lambda item: item.path.stem == "test_leftovers")
    for item in items:
        if not needs_of(item) or not methods_of(item):
            raise pytest.UsageError(f"{name_of(item)} does not declare both @about and @needs.")
        refusal = run.grants.reason_to_skip(needs_of(item)) if run else None
        if refusal:
            whys = [str(mark.kwargs.get("why") or "") for mark in item.iter_markers("needs")]
            item.add_marker(pytest.mark.skip(reason=next((f"{refusal}: {why}" for why in whys if why), refusal)))


# Fixtures


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    return request.config.stash[RUN]


@pytest.fixture
def api(run: Run) -> Api:
    """The account under test."""
    return run.api


@pytest.fixture(autouse=True)
def clean_up_after_test(run: Run) -> Iterator[None]:
    """Remove what a test created, even if the test fails."""
    yield
    failed = run.api.clean_up()
    assert not failed, f"left behind: {'; '.join(failed)}"


@pytest.fixture(scope="session")
def control(run: Run) -> Control:
    """The sandbox's control API. A test that uses it must declare SANDBOX."""
    assert run.control is not None, "a test that uses control must declare needs(SANDBOX)"
    return run.control


@pytest.fixture(scope="session")
def scene(run: Run) -> Scene:
    """In a sandbox, a tenant filled with examples. Elsewhere, the account as it is."""
    if run.control is None:
        return Scene(run.api, find_known(run.api))
    return build_scene(*new_tenant(run), run.receiver)


@pytest.fixture(scope="session")
def known(scene: Scene) -> Known:
    """Things in the account that tests can read."""
    return scene.known


@pytest.fixture
def tenant(run: Run) -> tuple[Api, Control]:
    """A new tenant of a sandbox, with its control. A test that uses it must declare SANDBOX."""
    return new_tenant(run)


def new_tenant(run: Run, throttle: int = 0, **settings: Any) -> tuple[Api, Control]:
    """Create a tenant that is deleted at the end of the run."""
    assert run.control is not None, "a test that creates a tenant must declare needs(SANDBOX)"
    name, credentials = run.control.create_tenant(throttle, **settings)
    run.exit_stack.callback(run.control.delete_tenant, name)
    api = run.api.with_credentials(credentials, rate=0)
    api.pending_cleanup = []
    return api, run.control.for_account(credentials)


@pytest.fixture
def receiver(run: Run) -> Receiver:
    """The receiver of callbacks. A test that uses it must declare CALLBACK."""
    assert run.receiver is not None, "a test that receives callbacks must declare needs(CALLBACK)"
    run.receiver.calls.clear()
    run.receiver.status = 200
    return run.receiver


# Observed answers of each test


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    run = item.config.stash[RUN]
    run.observer.begin(name_of(item), is_loose=bool(FIXTURES_READING_ACCOUNT & set(getattr(item, "fixturenames", ()))))
    try:
        outcome = yield
    finally:
        observed = run.observer.end()
    if run.is_recording and observed:
        run.recordings.write(name_of(item), observed, today())
    differences = run.differences_from_recording(name_of(item), observed)
    assert not differences, "different from the recording:\n" + "\n".join(differences)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep secrets out of every report."""
    report = yield
    secrets = item.config.stash[RUN].secrets
    if report.longrepr is not None and not report.skipped and secrets.hide(report.longreprtext) != report.longreprtext:
        report.longrepr = secrets.hide(report.longreprtext)
    report.sections = [(name, secrets.hide(text)) for name, text in report.sections]
    report.user_properties += [("methods", " ".join(methods_of(item))), ("test", name_of(item))]
    return report


# The table at the end


def outcomes(terminal: Any) -> Iterator[Outcome]:
    """Yield the result of each test."""
    for word, result in (("passed", "proven"), ("skipped", "skipped"), ("failed", "FAILED"), ("error", "FAILED")):
        for report in terminal.getreports(word):
            properties = dict(report.user_properties)
            if "test" in properties:
                yield Outcome(properties["test"], properties["methods"].split(), result, _why(report))


def _why(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    lines = [line.strip(" E") for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return " ".join(line for line in lines[:3] if line) if report.failed else ""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    all_outcomes = list(outcomes(terminalreporter))
    if run is None or not all_outcomes:
        return
    states = {outcome.test: run.recording_state(outcome.test, today()) for outcome in all_outcomes}
    terminalreporter.section("contract")
    _print(terminalreporter, table(all_outcomes, states))
    if not run.grants.is_sandbox:
        terminalreporter.line(f"Spent {run.api.guard.spent} of {run.grants.spend or 'nothing granted'}.")
    if config.option.shapes:
        results = {outcome.test: [outcome.result, run.secrets.hide(outcome.why)] for outcome in all_outcomes}
        document = {"endpoint": run.address.url, "results": results, "seen": run.observer.observed}
        config.option.shapes.write_text(json.dumps(document))


def _print(terminal: Any, lines: Iterable[str]) -> None:
    for line in lines:
        terminal.line(line)
