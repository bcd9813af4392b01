"""The pytest plugin, in test runs of its own."""

import os
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from tests.plugin_runs import ROOT, Ran, Runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), certificates.directory)


def test_the_plugin_is_an_entry_point_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module = declared["entry-points"]["pytest11"]["sms_sandbox"]
    assert import_module(module).__name__ == "sms_sandbox.pytest_plugin"
    assert not any(each.startswith("pytest") for each in declared["dependencies"])


# One run of tests that use it in many ways

TENANTS = """
    import pytest

    @pytest.mark.parametrize("n", range(3))
    def test_tenant(sms_sandbox, sms_sandbox_server, n):
        assert sms_sandbox.messages() == []
        assert sms_sandbox.call("send-sms", message="hello", to="61491570156")["message_id"] == 340000001
        sms_sandbox.advance(seconds=2)
        assert [each["status"] for each in sms_sandbox.receiver().dlrs] == ["delivered"]
        sms_sandbox.handset("61491570156").reply("STOP")
        assert [each["response"] for each in sms_sandbox.receiver().wait_for(1, "reply")] == ["STOP"]
        assert sms_sandbox_server.messages() == []
        assert len(sms_sandbox_server.control("GET", "/tenants")["tenants"]) == 2

    def test_no_throttle(sms_sandbox):
        assert {sms_sandbox.call("get-balance")["error"]["code"] for _ in range(40)} == {"SUCCESS"}

    def test_seed(sms_sandbox):
        assert sms_sandbox.control("GET", "/tenants/current")["seed"] == "test_tenants.py::test_seed"
"""

MARKED = """
    import pytest

    pytestmark = pytest.mark.sms_sandbox(balance=5, seed="module")

    @pytest.mark.sms_sandbox(throttle=2, frozen=True)
    def test_set_up(sms_sandbox):
        assert sms_sandbox.control("GET", "/tenants/current")["seed"] == "module"
        now = sms_sandbox.now
        assert sms_sandbox.call("get-balance")["balance"] == 5
        assert "OVER_LIMIT" in {sms_sandbox.call("get-balance")["error"]["code"] for _ in range(9)}
        assert sms_sandbox.now == now

    def test_module(sms_sandbox):
        assert sms_sandbox.control("GET", "/tenants/current")["seed"] == "module"

    @pytest.mark.sms_sandbox(15)
    def test_bare_value(sms_sandbox): ...

    @pytest.mark.sms_sandbox(colour="red")
    def test_unknown_name(sms_sandbox): ...
"""

FAILING = """
    def test_fails(sms_sandbox):
        sms_sandbox.call("send-sms", message="hello", to="61491570157")
        sms_sandbox.advance(seconds=2)
        assert sms_sandbox.messages()[0].text == "good-bye"

    def test_passes(sms_sandbox):
        sms_sandbox.call("send-sms", message="hello", to="61491570158")

    def test_stopped(sms_sandbox, sms_sandbox_server):
        sms_sandbox_server.close()
        assert 1 == 2
"""


@pytest.fixture(scope="module")
def ran(runs: Runs) -> Ran:
    files = {"test_tenants.py": TENANTS, "test_marked.py": MARKED, "test_sad.py": FAILING}
    for name, source in files.items():
        runs.write(name, source)
    return runs.run(*files, "--sms-sandbox-report=stories")


def test_each_test_has_the_tenant_it_asks_for(ran: Ran) -> None:
    # The last error is the teardown of the test that stopped the server.
    assert ran.counts(passed=8, failed=2, error=3)


def test_an_invalid_marker_is_an_error(ran: Ran) -> None:
    assert "takes keyword arguments only" in ran.about("ERROR at setup of test_bare_value")
    assert "unknown field `colour`" in ran.about("ERROR at setup of test_unknown_name")


def test_a_failed_test_shows_its_traffic(ran: Ran) -> None:
    report = ran.about("test_fails")
    assert "assert 'hello' == 'good-bye'" in report, "assertions are no longer rewritten"
    section = report.partition("- sms-sandbox -")[2]
    assert "61491570157" in section
    assert "'hello'" in section
    assert "61491570158" not in ran.said


def test_a_failed_test_leaves_a_report(runs: Runs, ran: Ran) -> None:
    (story,) = (runs.folder / "stories").iterdir()
    assert f"stories/{story.name}" in ran.about("test_fails").partition("- sms-sandbox story -")[2]
    assert story.name.startswith("test_sad.py.test_fails")
    html = story.read_text()
    assert html.startswith("<!doctype html>")
    assert "61491570157" in html
    assert "61491570158" not in html


def test_a_report_is_written_where_the_run_began(runs: Runs) -> None:
    runs.write(
        "test_elsewhere.py",
        """
        def test_moved(sms_sandbox, monkeypatch, tmp_path):
            monkeypatch.chdir(tmp_path)
            assert 1 == 2

        def test_replaced(sms_sandbox, fs):
            assert 1 == 2
        """,
    )
    plugins = ("-p", "sms_sandbox.pytest_plugin", "-p", "pyfakefs.pytest_plugin")
    ran = runs.run("test_elsewhere.py", "--sms-sandbox-report=deep/elsewhere", plugins=plugins)
    assert ran.counts(failed=2)
    stories = sorted(each.name.rpartition("-")[0] for each in (runs.folder / "deep/elsewhere").iterdir())
    assert stories == ["test_elsewhere.py.test_moved", "test_elsewhere.py.test_replaced"]


def test_a_failure_is_seen_though_the_server_is_gone(ran: Ran) -> None:
    report = ran.about("test_stopped")
    assert "assert 1 == 2" in report
    assert "The traffic can't be read: No sandbox answers" in report
    assert "The story can't be written: No sandbox answers" in report


# Loading


def test_a_run_that_does_not_use_the_plugin_loads_nothing(runs: Runs) -> None:
    runs.write(
        "test_unused.py",
        """
        import sys

        def test_nothing_is_loaded():
            loaded = {each for each in sys.modules if each.startswith("sms_sandbox")}
            assert loaded == {"sms_sandbox", "sms_sandbox.pytest_plugin"}
            assert not {"http.client", "msgspec", "sqlalchemy", "uvicorn"} & set(sys.modules)
        """,
    )
    assert runs.run("test_unused.py").counts(passed=1)


def test_the_plugin_is_loaded_automatically_and_can_be_disabled(runs: Runs, tmp_path: Path) -> None:
    installed = tmp_path / "sms_sandbox-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: sms-sandbox\nVersion: 0\n")
    (installed / "entry_points.txt").write_text("[pytest11]\nsms_sandbox = sms_sandbox.pytest_plugin\n")
    env = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    runs.write(
        "test_loaded.py", "def test_it(pytestconfig): assert pytestconfig.pluginmanager.has_plugin('sms_sandbox')"
    )
    unused = ("xdist", "anyio", "hypothesispytest", "asyncio", "randomly", "socket", "fakefs", "time_machine")
    others = tuple(f"-pno:{name}" for name in unused)
    kept = tmp_path / "kept"
    assert runs.run("test_loaded.py", plugins=others, certs=kept, env=env).counts(passed=1)
    assert not kept.exists(), "a run that uses no sandbox made certificates"
    ran = runs.run("test_loaded.py", "-p", "no:sms_sandbox", plugins=others, env=env)
    assert "unrecognized arguments: --sms-sandbox-certs" in ran.said
