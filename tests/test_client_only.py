"""The client without the server's libraries, as `pip install 'sms-sandbox[client]'` brings it."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

BLOCKER = """
import sys

ALLOWED = {*sys.stdlib_module_names, *ALSO, "sms_sandbox"}

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""
"""Allows imports of Python's modules, the package and its declared dependencies only."""

PYTEST = {"pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments", "test_app"}

SCRIPT = """
from sms_sandbox.testing import Sandbox, SandboxError

def test_app(sandbox):
    sandbox.call("send-sms", to="61491570156", message="Hello")
    sandbox.scenario("soft-bounce", to="61491572549", count=1)
    sandbox.fail_next("get-balance", error="LEDGER_ERROR")
    assert sandbox.call("get-balance")["error"]["code"] == "LEDGER_ERROR"
    sandbox.advance(seconds=5)
    sandbox.verify(messages=1, callbacks=1)
    assert [report["status"] for report in sandbox.receiver().dlrs] == ["delivered"]
    assert sandbox.handset("0491570156").inbox() == ["Hello"]
    assert "Hello" in sandbox.report()
    assert sandbox.env()["SMS_SANDBOX_KEY"] == sandbox.key
"""


@pytest.fixture(scope="module")
def ready_file(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The ready file of a server that runs elsewhere."""
    path = str(tmp_path_factory.mktemp("client") / "ready.json")
    with Sandbox.start(certs=certificates.directory, ready_file=path):
        yield path


def run(script: str, *args: str, also: Collection[str] = (), cwd: Path | None = None) -> tuple[int, str]:
    """Run a script without the server's libraries. Return its exit code and its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    clean |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    blocker = f"ALSO = {sorted({*PROJECT['dependencies'], *also})!r}\n{BLOCKER}"
    command = [sys.executable, "-W", "error", "-c", blocker + script, *args]
    ran = subprocess.run(command, env=clean, cwd=cwd, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stdout + ran.stderr


def test_the_extras_are_as_the_documentation_says() -> None:
    extras = PROJECT["optional-dependencies"]
    assert PROJECT["dependencies"] == ["click", "msgspec"]
    assert extras["client"] == []
    names = {re.split(r"[^a-z0-9-]", each)[0] for each in extras["server"]}
    assert {"aiohttp", "sqlalchemy", "starlette", "uvicorn"} <= names
    for extra in ("postgres", "test"):
        assert "sms-sandbox[server]" in extras[extra]


def test_a_script_uses_a_server_elsewhere(ready_file: str) -> None:
    use = "import sys\nwith Sandbox.attach(ready_file=sys.argv[1]) as server, server.new_tenant() as tenant:\n"
    assert run(f"{SCRIPT}\n{use}    tenant.receiver()\n    test_app(tenant)", ready_file) == (0, "")


def test_the_plugin_uses_a_server_elsewhere(ready_file: str, tmp_path: Path) -> None:
    fixture = "import pytest\n\n@pytest.fixture\ndef sandbox(sms_sandbox): return sms_sandbox\n"
    (tmp_path / "test_app.py").write_text(fixture + SCRIPT)
    options = ["-q", "-p", "no:cacheprovider", "-p", "sms_sandbox.pytest_plugin", "--sms-sandbox-attach", ready_file]
    code, output = run(f"import pytest; sys.exit(pytest.main({options!r}))", also=PYTEST, cwd=tmp_path)
    assert code == 0, output
    assert "1 passed" in output


@pytest.mark.parametrize(
    "command",
    [
        "ready", "env", "clock advance 1m", "messages", "callbacks", "account", "verify calls --at-least 0", "export",
        "fault list", "rule list", "reset", "report", "tenant use default", "send 61491570156 Hi", "tail --no-follow",
    ],
)  # fmt: skip
def test_a_command_uses_a_server_elsewhere(ready_file: str, command: str) -> None:
    code, output = run(f"from sms_sandbox.cli import main; main({[*command.split(), '--ready-file', ready_file]!r})")
    assert code == 0, output


@pytest.mark.parametrize("command", ["serve", "env --create", "fire-callback dlr http://localhost:9/"])
def test_a_command_that_needs_the_server_says_so(command: str, tmp_path: Path) -> None:
    code, output = run(f"from sms_sandbox.cli import main; main({command.split()!r})", cwd=tmp_path)
    assert code == 1
    expected = (
        r"sms-sandbox: \w+ is not installed\. This command needs the server: pip install 'sms-sandbox\[server\]'\.\n"
    )
    assert re.fullmatch(expected, output), output


def test_a_server_that_cannot_start_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"ALSO = {PROJECT['dependencies']!r}\n{BLOCKER}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(
        Exception, match=r"did not start: \w+ is not installed\. .* pip install 'sms-sandbox\[server\]'"
    ):
        Sandbox.start()


def test_a_server_on_a_thread_says_what_to_install() -> None:
    code, output = run("from sms_sandbox.testing import Sandbox; Sandbox.start(in_process=True)")
    assert code == 1
    last = output.splitlines()[-1]
    assert re.search(
        r"SandboxError: The sandbox did not start: \w+ is not installed\. .* 'sms-sandbox\[server\]'\.$", last
    )
