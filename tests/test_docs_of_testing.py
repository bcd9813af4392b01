"""The tests in the documentation run as written: in Python, JavaScript, PHP and shell."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.settings import PREFIX
from sms_sandbox.testing import Sandbox

ROOT = Path(__file__).parents[1]

PRELUDE = """
from functools import partial

from conftest import PERSON
from fixed import Reminders

TEXT = "Tomorrow at 9"
App = partial(Reminders, people=[PERSON])
"""
"""Names that the first page uses without a definition: an app, and a person."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """A server whose certificates are where the documentation has them, and its folder."""
    folder = tmp_path_factory.mktemp("docs")
    with Sandbox.start(certs=folder / "certs", ready_file=str(folder / "sandbox.json")) as sandbox:
        yield sandbox, folder


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def run(folder: Path, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "PYTEST_"))}
    clean |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=60)


def pytest_on(folder: Path, ready_file: Path) -> tuple[int, str]:
    """Run the tests of a folder. Return how many passed, and the output of pytest."""
    options = ("-q", "-W", "error", "-p", "no:cacheprovider", "-p", "sms_sandbox.pytest_plugin", "-c", os.devnull)
    ran = run(
        folder, sys.executable, "-m", "pytest", *options, "--rootdir=.", f"--sms-sandbox-attach={ready_file}", "."
    )
    passed = re.fullmatch(r"(\d+) passed in .*", ran.stdout.strip().splitlines()[-1])
    return int(passed[1]) if passed else 0, ran.stdout + ran.stderr


def test_the_page_on_pytest_runs_as_written(server: tuple[Sandbox, Path], tmp_path: Path) -> None:
    for name in ("conftest.py", "buggy.py", "fixed.py"):
        shutil.copy(ROOT / "examples" / "reminders" / name, tmp_path)
    shown = blocks("pytest.md", "python")
    tests = [each for each in shown if "def test_" in each]
    (tmp_path / "test_page.py").write_text("\n\n".join([PRELUDE, *tests]))
    passed, output = pytest_on(tmp_path, server[1] / "sandbox.json")
    assert passed == len(tests) > 8, output
    (rest,) = [each for each in shown if "def test_" not in each]
    ran = run(tmp_path, sys.executable, "-W", "error", "-c", rest)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture
def written(server: tuple[Sandbox, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The test in one language as a file, with the ports of this server."""
    sandbox, folder = server
    language, name = str(request.param[0]), str(request.param[1])
    ((source),) = [each for each in blocks("testing.md", language) if "61491572665" in each]
    for usual, port in (("localhost:8443", sandbox.url), ("localhost:8080", sandbox.where.http)):
        assert usual in source or language == "python"
        source = source.replace(usual, port.rpartition("/")[2])
    (folder / name).write_text(source)
    return folder / name


@pytest.mark.parametrize(
    ("written", "command"),
    [
        (("js", "bounce.test.mjs"), ("node", "--test")),
        (("php", "bounce_test.php"), ("php",)),
        (("bash", "bounce_test.sh"), ("sh",)),
    ],
    indirect=["written"],
    ids=["javascript", "php", "shell"],
)
def test_the_test_in_another_language_passes(
    server: tuple[Sandbox, Path], written: Path, command: tuple[str, ...]
) -> None:
    sandbox, folder = server
    for program in {command[0], "curl" if command[0] == "sh" else command[0]}:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine")
    ran = run(folder, *command, written.name, NODE_EXTRA_CA_CERTS="certs/ca.pem")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # A test that expects something else must fail, or it proves nothing.
    hasty = (
        written.read_text().replace("hard-bounce", "delivered").replace('"timeout_seconds": 5', '"timeout_seconds": 2')
    )
    written.write_text(hasty)
    assert run(folder, *command, written.name, NODE_EXTRA_CA_CERTS="certs/ca.pem").returncode != 0
    assert [each["name"] for each in sandbox.control("GET", "/tenants")["tenants"]] == ["default"]


@pytest.mark.parametrize("written", [("python", "test_bounce.py")], indirect=True)
def test_the_test_in_python_passes(server: tuple[Sandbox, Path], written: Path, tmp_path: Path) -> None:
    shutil.move(written, tmp_path)
    passed, output = pytest_on(tmp_path, server[1] / "sandbox.json")
    assert passed == 1, output


def test_a_server_is_started_as_the_page_says(tmp_path: Path) -> None:
    """The page has two commands; here the ports are free ones, and the server is stopped at the end."""
    (start,) = blocks("testing.md", "sh")
    start = start.replace("sms-sandbox", f"{sys.executable} -m sms_sandbox")
    env = {"SMS_SANDBOX_HTTPS_PORT": "0", "SMS_SANDBOX_HTTP_PORT": "0"}
    if shutil.which("sh") is None:
        pytest.skip("sh is not on this machine")
    ran = run(tmp_path, "sh", "-euc", f"{start}\nkill $!\nwait $! || true", **env)
    assert ran.returncode == 0, ran.stderr
    assert "ready" in ran.stdout.splitlines()
    assert json.loads((tmp_path / "sandbox.json").read_text())["key"] == "sandbox-key"
