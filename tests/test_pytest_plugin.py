"""The pytest plugin, in test runs of its own."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox

ROOT = Path(__file__).parents[1]
LOADED = ("-p", "sms_sandbox.pytest_plugin")

NOTHING: Mapping[str, str] = MappingProxyType({})


class Runs:
    """Test runs in a folder of their own, only with the plugins that they name."""

    def __init__(self, folder: Path, certs: Path) -> None:
        self.folder = folder
        self._certs = certs

    def write(self, name: str, source: str) -> None:
        (self.folder / name).write_text(dedent(source))

    def run(
        self, *args: str, plugins: tuple[str, ...] = LOADED, certs: Path | None = None, env: Mapping[str, str] = NOTHING
    ) -> "Ran":
        """Run pytest with warnings as errors."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
        clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "100", **env}
        options = ("-q", "-p", "no:cacheprovider", "--strict-markers", f"--sms-sandbox-certs={certs or self._certs}")
        command = [sys.executable, "-W", "error", "-m", "pytest", *options, *plugins, *args]
        done = subprocess.run(command, cwd=self.folder, env=clean, capture_output=True, text=True, timeout=100)
        return Ran(done.stdout + done.stderr)


@dataclass(frozen=True)
class Ran:
    """The output of a run."""

    said: str

    def counts(self, **wanted: int) -> bool:
        """Return True if these are the counts, and there are no others."""
        found = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", self.said)}
        assert found == wanted, self.said
        return True

    def about(self, test: str) -> str:
        """Return the part of the output about a test that did not pass."""
        return re.split(r"\n_{3,} ", self.said.partition(f"_ {test} _")[2])[0]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), certificates.directory)


def test_it_is_an_entry_point_of_the_package() -> None:
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
    return runs.run(*files)


def test_each_test_has_the_tenant_it_asks_for(ran: Ran) -> None:
    # The last error is the teardown of the test that stopped the server.
    assert ran.counts(passed=8, failed=2, error=3)


def test_a_marker_that_can_not_be_is_an_error(ran: Ran) -> None:
    assert "takes keyword arguments only" in ran.about("ERROR at setup of test_bare_value")
    assert "unknown field `colour`" in ran.about("ERROR at setup of test_unknown_name")


def test_a_failure_tells_what_happened(ran: Ran) -> None:
    said = ran.about("test_fails")
    assert "assert 'hello' == 'good-bye'" in said, "assertions are no longer rewritten"
    section = said.partition("- sms-sandbox -")[2]
    assert "61491570157" in section
    assert "'hello'" in section
    assert "61491570158" not in ran.said


def test_a_failure_is_seen_though_the_server_is_gone(ran: Ran) -> None:
    said = ran.about("test_stopped")
    assert "assert 1 == 2" in said
    assert "The traffic can't be read: No sandbox answers" in said


# The server

SAME_SERVER = """
    import pytest

    @pytest.mark.parametrize("n", range(12))
    def test_server(sms_sandbox, n):
        assert sms_sandbox.call("send-sms", message="hello", to="61491570156")["message_id"] == 340000001
        with open("servers", "a") as seen:
            seen.write(sms_sandbox.url + "\\n")
"""


@pytest.fixture
def servers(runs: Runs) -> Iterator[Path]:
    """Return a test that records which server it uses."""
    runs.write("test_server.py", SAME_SERVER)
    yield runs.folder / "servers"
    (runs.folder / "servers").unlink()


@pytest.mark.parametrize(
    ("options", "count"),
    [([], 1), (["--sms-sandbox-server=worker"], 2), (["--sms-sandbox-server=thread"], 2)],
    ids=["one", "worker", "thread"],
)
def test_workers_have_one_server_or_one_each(runs: Runs, servers: Path, options: list[str], count: int) -> None:
    ran = runs.run("test_server.py", "-n2", *options, plugins=(*LOADED, "-p", "xdist"))
    assert ran.counts(passed=12)
    assert len(set(servers.read_text().split())) == count


def test_a_server_that_runs_already(runs: Runs, servers: Path, certificates: Certificates, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    with Sandbox.start(certs=certificates.directory, ready_file=str(ready_file)) as sandbox:
        ran = runs.run("test_server.py", f"--sms-sandbox-attach={ready_file}")
        assert ran.counts(passed=12)
        assert set(servers.read_text().split()) == {sandbox.url}
        assert [each["name"] for each in sandbox.control("GET", "/tenants")["tenants"]] == ["default"]


def test_workers_that_use_no_sandbox_start_none(runs: Runs, tmp_path: Path) -> None:
    runs.write("test_none.py", "def test_nothing(): ...")
    options = ("-n2", f"--basetemp={tmp_path / 'base'}")
    plugins = (*LOADED, "-p", "xdist")
    assert runs.run("test_none.py", *options, plugins=plugins, certs=tmp_path / "certs").counts(passed=1)
    assert not (tmp_path / "certs").exists()


def test_workers_are_told_why_there_is_no_server(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "certs").write_text("no folder")
    runs.write("test_two.py", "def test_one(sms_sandbox): ...\ndef test_other(sms_sandbox): ...")
    ran = runs.run("test_two.py", "-n2", plugins=(*LOADED, "-p", "xdist"), certs=tmp_path / "certs")
    assert ran.counts(error=2)
    assert ran.said.count("SandboxError: The sandbox did not start: ") >= 2
    assert "certs" in ran.said.partition("did not start: ")[2].partition("\n")[0]


def test_a_failure_shows_what_the_server_logged_meanwhile(runs: Runs) -> None:
    runs.write(
        "test_logged.py",
        """
        import pytest

        def log(sandbox, line):
            with sandbox.log.path.open("a") as file:
                file.write(line)

        def test_before(sms_sandbox):
            log(sms_sandbox, "an older line\\n")

        @pytest.mark.parametrize("n", range(4))
        def test_fails(sms_sandbox, n):
            log(sms_sandbox, f"a line of test {n}\\n")
            assert n == 7
        """,
    )
    for options in ((), ("-p", "xdist", "-n2")):
        ran = runs.run("test_logged.py", *options)
        assert ran.counts(passed=1, failed=4)
        for n in range(4):
            section = ran.about(f"test_fails[{n}]").partition("- sms-sandbox server -")[2]
            assert f"a line of test {n}" in section
        assert options or "an older line" not in ran.said


# Loading


def test_it_costs_a_run_that_does_not_use_it_nothing(runs: Runs) -> None:
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


def test_it_is_loaded_by_itself_and_can_be_kept_out(runs: Runs, tmp_path: Path) -> None:
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
