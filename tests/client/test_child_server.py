"""A server in a process of its own, which ends with its parent."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from freezegun import freeze_time

from sms_sandbox.client import child_server
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.testing import Sandbox, SandboxError
from tests.processes import start_process
from tests.sandbox import HANDSET
from tests.timing import eventually

PARENT = """
import os, signal, sys, time
from sms_sandbox.testing import Sandbox

sandbox = Sandbox.start(certs=sys.argv[1])
print(sandbox.where.pid, flush=True)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(autouse=True)
def _own_temporary_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put folders of killed servers into the folder of the test, which pytest deletes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@contextmanager
def start_parent(certificates: Certificates, after: str) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """Start a process that starts a server. Yield it and the id of the server's process."""
    with start_process([sys.executable, "-c", PARENT + after, str(certificates.directory)]) as parent:
        assert parent.stdout is not None
        yield parent, int(parent.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_a_child_server_ends_when_its_parent_is_killed(certificates: Certificates, number: signal.Signals) -> None:
    with start_parent(certificates, "time.sleep(60)") as (parent, pid):
        assert is_running(pid)
        parent.send_signal(number)
    eventually(lambda: not is_running(pid))


def test_a_child_server_ends_with_its_parent_even_if_a_forked_process_has_its_pipe(certificates: Certificates) -> None:
    script = "if os.fork(): os.kill(os.getpid(), signal.SIGKILL)\ntime.sleep(10)"
    with start_parent(certificates, script) as (parent, pid):
        assert parent.wait(10) == -signal.SIGKILL
    eventually(lambda: not is_running(pid))


@pytest.mark.filterwarnings("ignore:.* is multi-threaded:DeprecationWarning")  # of Python 3.12
def test_a_forked_process_can_use_the_server_and_does_not_stop_it(server: Sandbox) -> None:
    with server.new_tenant() as tenant:
        receiver = tenant.receiver()
        assert tenant.messages() == []  # a connection that the forked process must not share
        pid = os.fork()
        if not pid:
            try:
                tenant.call("send-sms", message="from the fork", to=HANDSET)
                receiver.close()
                server.close()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitpid(pid, 0)[1] == 0
        assert [each.text for each in tenant.messages()] == ["from the fork"]
        tenant.advance(seconds=5)
        assert len(receiver.dlrs) == 1


def test_a_forked_process_that_ends_normally_does_not_stop_the_server() -> None:
    script = """
import os, sys
from pathlib import Path
from sms_sandbox.testing import Sandbox

sandbox = Sandbox.start()
pid = os.fork()
if not pid:
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
assert Path(sandbox.ca).exists()
assert sandbox.call("get-balance")["error"]["code"] == "SUCCESS"
"""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_child_server_starts_while_python_s_time_is_frozen(certificates: Certificates) -> None:
    with freeze_time("2001-01-01"), Sandbox.start(certs=certificates.directory) as sandbox:
        assert sandbox.now.year > 2001
        with sandbox.new_tenant(frozen=True) as tenant:
            assert tenant.now.year == 2001, "a clock that is frozen now shows the time of the test"


_LATE, _EARLY = "", "import sms_sandbox.testing.sandbox"


@pytest.mark.parametrize("before", [_LATE, _EARLY], ids=["late", "early"])
def test_a_child_server_starts_while_the_file_system_is_replaced(before: str) -> None:
    script = f"""
import os
from pyfakefs.fake_filesystem_unittest import Patcher
{before}
with Patcher():
    from sms_sandbox.testing import Sandbox
    with Sandbox.start() as sandbox:
        assert sandbox.call("get-balance")["error"]["code"] == "SUCCESS"
        assert sandbox.log.read() == ""
        folder = str(sandbox.log.path.parent)
assert not os.path.exists(folder), os.listdir(folder)
"""
    # The finder of an editable installation does not work with a replaced file system.
    env = {**os.environ, "PYTHONPATH": str(Path(child_server.__file__).parents[2])}
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=env)
    assert (ran.returncode, ran.stderr) == (0, "")


_FROZEN = "from freezegun import freeze_time; freeze_time('2001-01-01').start()"
_GREEN = "import _thread; _thread.start_new_thread = None"  # as eventlet does


@pytest.mark.parametrize("before", [_FROZEN, _GREEN], ids=["frozen", "green"])
def test_a_process_may_be_patched_before_it_first_uses_a_sandbox(certificates: Certificates, before: str) -> None:
    script = f"""
import subprocess, sys
{before}
from sms_sandbox.testing import Sandbox
with Sandbox.start(certs=sys.argv[1]) as server, server.new_tenant() as sandbox:
    sandbox.receiver()
    sandbox.call("send-sms", to="61491570156", message="Hello")
    sandbox.advance(seconds=5)
    assert len(sandbox.receiver().dlrs) == 1
    try:
        sandbox.receiver().wait_for(5, timeout=0.1)
    except AssertionError as why:
        assert str(why).startswith("Waited 0.1 s"), why
"""
    command = [sys.executable, "-c", script, str(certificates.directory)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Sandbox]:
    with Sandbox.start(certs=certificates.directory, control_token="let-me-in") as started:
        yield started


def test_ctrl_c_at_the_terminal_does_not_stop_the_server(server: Sandbox) -> None:
    assert os.getsid(server.where.pid) != os.getsid(0)


def test_a_token_is_not_in_the_command(server: Sandbox) -> None:
    command = Path(f"/proc/{server.where.pid}/cmdline").read_bytes()
    assert b"serve" in command
    assert b"let-me-in" not in command


def test_settings_reach_the_server(certificates: Certificates, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/kept.db"
    accounts = ("one:a secret", "two:-b=c")
    with Sandbox.start(certs=certificates.directory, database=database, account=accounts, allow_http=True) as sandbox:
        assert (sandbox.key, sandbox.secret) == ("one", "a secret")
        sandbox.call("send-sms", message="kept", to=HANDSET)
        with Sandbox.attach(http=sandbox.where.http, key="two", secret="-b=c") as second:
            assert second.messages() == []
    with Sandbox.start(certs=certificates.directory, database=database, account=accounts) as sandbox:
        assert [each.text for each in sandbox.messages()] == ["kept"]


@pytest.fixture
def strange_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a module named like one of Python's, and a strange environment."""
    (tmp_path / "json.py").write_text("raise SystemError('the wrong module')")
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("SMS_SANDBOX_THROTTLE", "not a number")
    return tmp_path


def test_a_child_server_starts_in_any_directory(strange_place: Path, certificates: Certificates) -> None:
    with Sandbox.start(certs=certificates.directory) as sandbox:
        assert sandbox.call("get-balance")["error"]["code"] == "SUCCESS"


def test_a_server_that_is_not_ready_in_time_is_killed(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_server, "START_TIMEOUT_SECONDS", 0.01)
    with pytest.raises(SandboxError, match=r"did not start: it was not ready within 0\.01 seconds"):
        Sandbox.start(certs=certificates.directory)


def test_the_log_of_the_server_can_be_read(server: Sandbox) -> None:
    assert server.log is not None
    server.log.path.write_text("first\n")
    start = server.log.size()
    with server.log.path.open("a") as file:
        file.write("second\n")
    assert server.log.read(start) == "second\n"
    with server.new_tenant() as tenant:
        assert tenant.log is server.log
