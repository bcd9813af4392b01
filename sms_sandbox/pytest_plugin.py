"""The pytest plugin: a server for the session, and a tenant for each test.

pytest loads it in every run where the package is installed, so it imports nothing until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import PurePath

    from .testing import Sandbox
    from .testing.xdist_server import XdistServer

_MAX_LOG_BYTES = 5000
"""Longest part of the server's log that is shown if a test can't begin."""

_MARKER = (
    "sms_sandbox(throttle=0, frozen=False, seed=..., ...): settings of the test's tenant, as in Sandbox.new_tenant"
)

_XDIST_SERVER: pytest.StashKey[XdistServer] = pytest.StashKey()
_LOG_START = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sms-sandbox", "a local sandbox of the TransmitSMS API")
    group.addoption(
        "--sms-sandbox-server", choices=("one", "worker", "thread"), default="one",
        help="With pytest-xdist: start one server for all workers (one, the default), or one for each (worker). It is "
        "a process of its own, or a thread of the tests' process (thread).",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-attach", metavar="FILE",
        help="Use the running server that wrote this ready file (its flag --ready-file), and start none.",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-certs", metavar="DIR", help="Folder of the certificates; a temporary one if left out."
    )
    group.addoption(
        "--sms-sandbox-report", metavar="DIR",
        help="Write the story of each failed test's tenant into this folder: one HTML file that needs nothing else.",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def sms_sandbox_server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The server of this session: a `sms_sandbox.testing.Sandbox` on the default tenant, which all tests share."""
    server = _start(request.config)
    yield server
    server.close()


def _start(config: pytest.Config) -> Sandbox:
    """Start the server, or use a running one, as the options say."""
    ready_file = config.getoption("sms_sandbox_attach")
    if ready_file:
        from .testing import Sandbox

        return Sandbox.attach(ready_file=ready_file)
    invitation = getattr(config, "workerinput", {}).get("sms_sandbox")
    if invitation is not None:
        from .testing.worker import join_server

        return join_server(invitation)
    certs = config.getoption("sms_sandbox_certs")
    if config.getoption("sms_sandbox_server") == "thread":
        from .testing import Sandbox

        return Sandbox.start(certs=certs, in_process=True)
    from .client.child_server import ChildServer

    server = ChildServer(certs, {})
    from .testing import Sandbox  # here, because the server starts meanwhile

    return Sandbox.use_server(server)


@pytest.fixture
def sms_sandbox(request: pytest.FixtureRequest, sms_sandbox_server: Sandbox) -> Iterator[Sandbox]:
    """The tenant of this test, as a `sms_sandbox.testing.Sandbox`.

    It has no throttle, and its callbacks go to `receiver()`. Its seed is the test's name, so that each run gets the
    same ids. The marker `sms_sandbox` changes its settings.
    """
    settings: dict[str, Any] = {"seed": request.node.nodeid[-2000:]}
    for mark in reversed(list(request.node.iter_markers("sms_sandbox"))):
        if mark.args:
            raise pytest.UsageError("The marker sms_sandbox takes keyword arguments only, such as throttle=15.")
        settings |= mark.kwargs
    if sms_sandbox_server.log is not None:
        request.node.stash[_LOG_START] = sms_sandbox_server.log.size()
    tenant = sms_sandbox_server.new_tenant(with_receiver=True, **settings)
    try:
        yield tenant
    finally:
        tenant.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the tenant's traffic and the server's log to the report of a failed test."""
    report = yield
    if report.failed and call.when != "teardown":
        sandboxes: dict[str, Sandbox] = getattr(item, "funcargs", {})
        if (tenant := sandboxes.get("sms_sandbox")) is not None:
            report.sections.append(("sms-sandbox", _traffic(tenant)))
            if given := item.config.getoption("sms_sandbox_report"):
                directory = item.config.invocation_params.dir / given  # the test may have changed the working directory
                report.sections.append(("sms-sandbox story", _write_story(tenant, directory, item.nodeid)))
        if (server := sandboxes.get("sms_sandbox_server")) is not None and (log := _server_log(item, server)):
            report.sections.append(("sms-sandbox server", log))
    return report


def _traffic(tenant: Sandbox) -> str:
    """Return the traffic, or why it can't be read. No error here may hide the failure of the test."""
    try:
        return tenant.report()
    except Exception as why:  # noqa: BLE001
        return f"The traffic can't be read: {why}"


def _write_story(tenant: Sandbox, directory: PurePath, test: str) -> str:
    """Write the story of a tenant. Return where it is, or why it is not there, which may not hide the failure."""
    from .testing.story_file import write_story

    try:
        return str(write_story(tenant, directory, test))
    except Exception as why:  # noqa: BLE001
        return f"The story can't be written: {why}"


def _server_log(item: pytest.Item, server: Sandbox) -> str:
    """Return what the server has logged since the test began; the whole log's end if it could not begin."""
    if server.log is None:
        return ""
    has_begun = "sms_sandbox" in getattr(item, "funcargs", {})
    try:
        start = item.stash.get(_LOG_START, 0) if has_begun else max(0, server.log.size() - _MAX_LOG_BYTES)
        return server.log.read(start).strip()
    except (OSError, ValueError):  # the test closed the server
        return ""


# pytest-xdist


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Invite a worker of this machine to the server that all workers share."""
    config: pytest.Config = node.config
    is_needed = config.getoption("sms_sandbox_server") == "one" and not config.getoption("sms_sandbox_attach")
    if not is_needed or not node.gateway.spec.popen:
        return
    if _XDIST_SERVER not in config.stash:
        from .testing.xdist_server import XdistServer

        config.stash[_XDIST_SERVER] = XdistServer(lambda: _start(config))
    node.workerinput["sms_sandbox"] = config.stash[_XDIST_SERVER].invitation


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_XDIST_SERVER, None)
    if server is not None:
        del config.stash[_XDIST_SERVER]
        server.close()
