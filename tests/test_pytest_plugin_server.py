"""The server of the pytest plugin: one for all workers, one that runs already, and its log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.testing import Sandbox
from tests.plugin_runs import LOADED, Runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Runs:
    return Runs(tmp_path_factory.mktemp("runs"), certificates.directory)


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


def test_a_failure_shows_what_the_server_logged_during_the_test(runs: Runs) -> None:
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


def test_a_server_that_died_shows_its_last_words(runs: Runs) -> None:
    runs.write(
        "test_died.py",
        """
        import os, signal

        def test_kills(sms_sandbox_server):
            with sms_sandbox_server.log.path.open("a") as file:
                file.write("its last words\\n")
            os.kill(sms_sandbox_server.where.pid, signal.SIGKILL)

        def test_next(sms_sandbox): ...
        """,
    )
    ran = runs.run("test_died.py")
    assert ran.counts(passed=1, error=1)
    report = ran.about("ERROR at setup of test_next")
    assert "SandboxError: No sandbox answers at" in report
    assert "its last words" in report.partition("- sms-sandbox server -")[2]
