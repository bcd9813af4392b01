"""The suite as a plugin of pytest: what tests declare, which of them may run, and the table at the end."""

import json
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .callback_receiver import Receiver
from .client import Api
from .grants import Need
from .run import RECORDED, Run, begin, environment, today
from .scene import Known, Scene, discover, furnish
from .table import Outcome, table
from .target import Control, UnusableError

RUN: pytest.StashKey[Run] = pytest.StashKey()
UNUSABLE = 2
OWN_DATA = {"known", "scene"}
"""A test with one of these fixtures reads what was in the account before: its nulls and missing keys are chance."""


def about(*methods: str) -> pytest.MarkDecorator:
    """Say which methods a test is about. One with a parameter `method` is about that one."""
    return pytest.mark.about(*methods)


def needs(*wanted: Need, why: str = "") -> pytest.MarkDecorator:
    """Say what a test needs and costs, and why if its name does not tell."""
    return pytest.mark.needs(*wanted, why=why)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "the contract suite; README.md names the environment variables it reads")
    group.addoption("--record", action="store_true", help="Keep the shapes the real endpoint answers with.")
    group.addoption("--recorded", type=Path, default=RECORDED, help="Folder of recordings.")
    group.addoption("--shapes", type=Path, default=None, help="File to write the shapes of all answers to.")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "about(*methods): which methods of the API a test is about")
    config.addinivalue_line("markers", "needs(*needs, why): what a test needs and costs")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Find the endpoint before anything else; if it can't be used, say so in one line and end."""
    if config.option.collectonly or config.option.help or config.option.version:
        return None
    try:
        config.stash[RUN] = begin(environment(), config.option.recorded, config.option.record)
    except UnusableError as why:
        sys.stderr.write(f"contract: {why}\n")
        return UNUSABLE
    return None


def pytest_report_header(config: pytest.Config) -> str:
    run = config.stash.get(RUN, None)
    if run is None:
        return "contract: nothing is run"
    kind = "a sandbox" if run.grants.is_sandbox else "not a sandbox"
    return f"contract: {run.where.url}, {kind}"


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()


# What tests declare


def methods_of(item: pytest.Item) -> list[str]:
    """The methods a test is about."""
    named = [method for mark in item.iter_markers("about") for method in mark.args]
    spec = getattr(item, "callspec", None)
    return named or ([str(spec.params["method"])] if spec and "method" in spec.params else [])


def needs_of(item: pytest.Item) -> set[Need]:
    """What a test needs: all that its own marks, its file's and its parameters' say."""
    return {each for mark in item.iter_markers("needs") for each in mark.args}


def name_of(item: pytest.Item) -> str:
    """A test's name in tables and recordings: its file's and its own."""
    return f"{item.path.stem}.{item.name}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    run = config.stash.get(RUN, None)
    # What looks at what the others left behind comes last.
    items.sort(key=lambda item: item.path.stem == "test_leaves_nothing")
    for item in items:
        if not needs_of(item) or not methods_of(item):
            raise pytest.UsageError(f"{name_of(item)} does not declare both @about and @needs.")
        refusal = run.grants.refusal(needs_of(item)) if run else None
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
def leaves_nothing(run: Run) -> Iterator[None]:
    """What a test makes in the account is removed when it ends, however it ends."""
    yield
    left = run.api.undo()
    assert not left, f"left behind: {'; '.join(left)}"


@pytest.fixture(scope="session")
def control(run: Run) -> Control:
    """What only a sandbox can do. A test that asks for it needs SANDBOX."""
    assert run.control is not None, "a test that uses control must declare needs(SANDBOX)"
    return run.control


@pytest.fixture(scope="session")
def scene(run: Run) -> Scene:
    """A furnished world, in a sandbox; the account as it is found, elsewhere."""
    if run.control is None:
        return Scene(run.api, discover(run.api))
    return furnish(*world_of(run), run.receiver)


@pytest.fixture(scope="session")
def known(scene: Scene) -> Known:
    """Things to look at that were there before."""
    return scene.known


@pytest.fixture
def world(run: Run) -> tuple[Api, Control]:
    """A fresh world of a sandbox, with its control. A test that asks for it needs SANDBOX."""
    return world_of(run)


def world_of(run: Run, throttle: int = 0) -> tuple[Api, Control]:
    """Make a world that goes when the run ends."""
    assert run.control is not None, "a test that makes a world must declare needs(SANDBOX)"
    name, credentials = run.control.tenant(throttle)
    run.closing.callback(run.control.remove, name)
    api = run.api.another(credentials, rate=0)
    api.undone_by = []
    return api, run.control.of(credentials)


@pytest.fixture
def receiver(run: Run) -> Receiver:
    """Where callbacks arrive. A test that asks for it needs CALLBACK."""
    assert run.receiver is not None, "a test that is called back must declare needs(CALLBACK)"
    run.receiver.calls.clear()
    run.receiver.status = 200
    return run.receiver


# Each test's answers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    run = item.config.stash[RUN]
    run.watch.begin(name_of(item), is_loose=bool(OWN_DATA & set(getattr(item, "fixturenames", ()))))
    try:
        outcome = yield
    finally:
        seen = run.watch.end()
    if run.is_recording and seen:
        run.recordings.write(name_of(item), seen, today())
    found = run.unlike_the_recording(name_of(item), seen)
    assert not found, "unlike what was recorded:\n" + "\n".join(found)
    return outcome


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """No report shows a secret, whatever a test did."""
    report = yield
    secrets = item.config.stash[RUN].secrets
    if report.longrepr is not None and not report.skipped and secrets.hide(report.longreprtext) != report.longreprtext:
        report.longrepr = secrets.hide(report.longreprtext)
    report.sections = [(name, secrets.hide(text)) for name, text in report.sections]
    report.user_properties += [("methods", " ".join(methods_of(item))), ("test", name_of(item))]
    return report


# The end


def outcomes(terminal: Any) -> Iterator[Outcome]:
    """What became of each test."""
    for word, shown in (("passed", "proven"), ("skipped", "skipped"), ("failed", "FAILED"), ("error", "FAILED")):
        for report in terminal.getreports(word):
            properties = dict(report.user_properties)
            if "test" in properties:
                yield Outcome(properties["test"], properties["methods"].split(), shown, _why(report))


def _why(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    lines = [line.strip(" E") for line in report.longreprtext.splitlines() if line.startswith("E ")]
    return " ".join(line for line in lines[:3] if line) if report.failed else ""


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    found = list(outcomes(terminalreporter))
    if run is None or not found:
        return
    states = {each.test: run.state_of_recording(each.test, today()) for each in found}
    terminalreporter.section("contract")
    _print(terminalreporter, table(found, states))
    if not run.grants.is_sandbox:
        terminalreporter.line(f"Spent {run.api.guard.spent} of {run.grants.spend or 'nothing granted'}.")
    if config.option.shapes:
        results = {each.test: [each.result, run.secrets.hide(each.why)] for each in found}
        said = {"endpoint": run.where.url, "results": results, "seen": run.watch.seen}
        config.option.shapes.write_text(json.dumps(said))


def _print(terminal: Any, lines: Iterable[str]) -> None:
    for line in lines:
        terminal.line(line)
