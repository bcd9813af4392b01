"""The pytest plugin: a sandbox for the session, and a world of its own for each test.

Loaded into every test run where the package is installed, so it imports nothing until a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import Sandbox

MARKER = "sms_sandbox(throttle=0, frozen=False, seed=..., ...): the world of the test, as Sandbox.new_tenant takes it"

_SHARED = pytest.StashKey["Sandbox"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sms-sandbox", "a local sandbox of the TransmitSMS API")
    group.addoption(
        "--sms-sandbox-server", choices=("worker", "one"), default="worker",
        help="With pytest-xdist: a server for each worker (worker, the default), or one for all of them (one).",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-attach", metavar="FILE",
        help="Use the server that wrote this file by its --ready-file, and start none.",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-certs", metavar="DIR", help="Folder of the certificates; a temporary one, if not given."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def sms_sandbox_server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The server of this session, as `sms_sandbox.testing.Sandbox` on its default tenant, which all tests share."""
    server = started(request.config)
    yield server
    server.close()


def started(config: pytest.Config) -> Sandbox:
    """The server that the options ask for."""
    from .client.control import Whereabouts
    from .testing import Sandbox

    shared = getattr(config, "workerinput", {}).get("sms_sandbox")
    if shared is not None:
        return Sandbox(Whereabouts(**shared))
    ready_file = config.getoption("sms_sandbox_attach")
    return Sandbox.attach(ready_file=ready_file) if ready_file else Sandbox.start(certs=certificates(config))


def certificates(config: pytest.Config) -> str | None:
    folder: str | None = config.getoption("sms_sandbox_certs")
    return folder


@pytest.fixture
def sms_sandbox(request: pytest.FixtureRequest, sms_sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """A world of the test's own, as `sms_sandbox.testing.Sandbox`: no throttle, callbacks go to `receiver()`, and the
    test's own name as the seed, so that each run sees the same ids. The marker `sms_sandbox` sets it up otherwise."""
    settings: dict[str, Any] = {"seed": request.node.nodeid[-2000:]}
    for mark in reversed(list(request.node.iter_markers("sms_sandbox"))):
        if mark.args:
            raise pytest.UsageError("The marker sms_sandbox takes named values only, as throttle=15.")
        settings |= mark.kwargs
    world = sms_sandbox_server.new_tenant(**settings)
    try:
        world.receiver()
        yield world
    finally:
        world.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what happened in the world of a test that failed."""
    report = yield
    world = getattr(item, "funcargs", {}).get("sms_sandbox")
    if world is not None and report.failed and call.when != "teardown":
        report.sections.append(("sms-sandbox", told(world)))
    return report


def told(world: Sandbox) -> str:
    """What happened, or why that is not known: whatever it is, the test's own failure must be seen."""
    try:
        return world.report()
    except Exception as why:  # noqa: BLE001
        return f"What happened is not known: {why}"


# pytest-xdist


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the one server on to a worker, started for the first of them."""
    config: pytest.Config = node.config
    if config.getoption("sms_sandbox_server") != "one" or config.getoption("sms_sandbox_attach"):
        return
    from dataclasses import asdict

    if _SHARED not in config.stash:
        config.stash[_SHARED] = started(config)
    node.workerinput["sms_sandbox"] = asdict(config.stash[_SHARED].where)


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SHARED, None)
    if server is not None:
        del config.stash[_SHARED]
        server.close()
