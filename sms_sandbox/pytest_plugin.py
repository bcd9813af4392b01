"""The pytest plugin: a server for the session, and a tenant for each test.

pytest loads it in every run where the package is installed, so it imports nothing until a fixture is used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing import Sandbox

MARKER = "sms_sandbox(throttle=0, frozen=False, seed=..., ...): settings of the test's tenant, as in Sandbox.new_tenant"

_SHARED = pytest.StashKey["Sandbox"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sms-sandbox", "a local sandbox of the TransmitSMS API")
    group.addoption(
        "--sms-sandbox-server", choices=("worker", "one"), default="worker",
        help="With pytest-xdist: start a server for each worker (worker, the default), or one for all workers (one).",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-attach", metavar="FILE",
        help="Use the running server that wrote this ready file (its flag --ready-file), and start none.",
    )  # fmt: skip
    group.addoption(
        "--sms-sandbox-certs", metavar="DIR", help="Folder of the certificates; a temporary one if left out."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def sms_sandbox_server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The server of this session: a `sms_sandbox.testing.Sandbox` on the default tenant, which all tests share."""
    server = _start(request.config)
    yield server
    server.close()


def _start(config: pytest.Config) -> Sandbox:
    """Start the server, or attach to it, as the options say."""
    from .testing import Sandbox, ServerInfo

    shared = getattr(config, "workerinput", {}).get("sms_sandbox")
    if shared is not None:
        return Sandbox(ServerInfo.from_json(shared))
    ready_file = config.getoption("sms_sandbox_attach")
    if ready_file:
        return Sandbox.attach(ready_file=ready_file)
    return Sandbox.start(certs=config.getoption("sms_sandbox_certs"))


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
    tenant = sms_sandbox_server.new_tenant(**settings)
    try:
        tenant.receiver()
        yield tenant
    finally:
        tenant.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the traffic of the tenant to the report of a failed test."""
    report = yield
    tenant = getattr(item, "funcargs", {}).get("sms_sandbox")
    if tenant is not None and report.failed and call.when != "teardown":
        report.sections.append(("sms-sandbox", _traffic(tenant)))
    return report


def _traffic(tenant: Sandbox) -> str:
    """Return the traffic, or why it can't be read. No error here may hide the failure of the test."""
    try:
        return tenant.report()
    except Exception as why:  # noqa: BLE001
        return f"The traffic can't be read: {why}"


# pytest-xdist


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the address of the shared server to a worker. The first worker starts it."""
    config: pytest.Config = node.config
    if config.getoption("sms_sandbox_server") != "one" or config.getoption("sms_sandbox_attach"):
        return
    if _SHARED not in config.stash:
        config.stash[_SHARED] = _start(config)
    node.workerinput["sms_sandbox"] = config.stash[_SHARED].where.to_json()


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_SHARED, None)
    if server is not None:
        del config.stash[_SHARED]
        server.close()
