"""The examples of docs/ci.md, run as far as a machine without that CI can."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.ports import free_port

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text()

pytestmark = pytest.mark.xdist_group("ports")

PYTHON = f"""#!/bin/sh
# Stands in for `python3 -m venv`, which a test has no time for: an environment that has everything is there.
if [ "$1 $2" != "-m venv" ]; then exec {sys.executable} "$@"; fi
mkdir -p "$3/bin"
printf '#!/bin/sh\\nexec {sys.executable} "$@"\\n' > "$3/bin/python"
printf '#!/bin/sh\\nexec {sys.executable} -m sms_sandbox "$@"\\n' > "$3/bin/sms-sandbox"
printf '#!/bin/sh\\necho "$@" >> "$HOME/installed"\\n' > "$3/bin/pip"
chmod +x "$3"/bin/*
"""

REAL_PYTHON = f"""#!/bin/sh
# Libraries that are installed here stand in for the ones that pip would install, which takes most of a minute.
{sys.executable} "$@"
if [ "$1 $2" = "-m venv" ]; then exec {sys.executable} {ROOT / "tests" / "linked_libraries.py"} "$3"; fi
"""

TESTS = """#!/bin/sh
set -e
curl --silent --fail -u sandbox-key:sandbox-secret https://localhost:8443/get-balance.json > balance.json
"""


class Job:
    """A machine of a CI: a checkout with the sandbox in it, and nothing else set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {"8443": str(free_port()), "8080": str(free_port())}
        self.sandbox = folder / "sms-sandbox"
        ignored = shutil.ignore_patterns(".*", "build", "*.egg-info", "__pycache__", "tests", "benchmarks", "certs")
        shutil.copytree(ROOT, self.sandbox, ignore=ignored)
        self._write(folder / "bin" / "python3", PYTHON)
        self._write(folder / "run-your-tests", self.localize(TESTS))
        self.environment = {
            "HOME": str(folder),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(self.sandbox),
            "SMS_SANDBOX_HTTPS_PORT": self.ports["8443"],
            "SMS_SANDBOX_HTTP_PORT": self.ports["8080"],
            # The chapter of the suite that takes no time stands for all of it.
            "PYTEST_ADDOPTS": "-k test_account",
        }

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def localize(self, text: str) -> str:
        """Return a text with the ports that are free here."""
        for usual, free in self.ports.items():
            text = text.replace(f"localhost:{usual}", f"localhost:{free}")
        return text

    def install_for_real(self) -> Mapping[str, str]:
        """Use the real programs, and link the libraries of the extra; the environment for that."""
        self._write(self.folder / "bin" / "python3", REAL_PYTHON)
        made_up = ("HOME", "PYTHONPATH")
        kept = {name: value for name, value in self.environment.items() if name not in made_up}
        ours = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HOME"))}
        # Python compiles what is imported. To compile all of the libraries takes longer than to run the suite.
        constraints = {"PIP_CONSTRAINT": str(ROOT / "requirements.lock"), "PIP_NO_COMPILE": "1"}
        return {**ours, **kept, **constraints}

    def run(self, script: str, environment: Mapping[str, str], where: Path) -> "subprocess.CompletedProcess[str]":
        shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", self.localize(script)]
        return subprocess.run(
            shell, cwd=where, env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip

    def check_results(self) -> None:
        """Check that the tests ran, and then the suite."""
        assert '"currency":"AUD"' in (self.folder / "balance.json").read_text()
        suite = next(ElementTree.parse(self.folder / "contract.xml").iter("testsuite"))  # noqa: S314 (ours)
        assert int(suite.attrib["tests"]) > 0
        assert (suite.attrib["failures"], suite.attrib["errors"], suite.attrib["skipped"]) == ("0", "0", "0")

    def check_installed(self) -> None:
        """Check that everything is installed: folders of this checkout, and its extras."""
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        lines = (self.folder / "installed").read_text().splitlines()
        assert lines
        for line in lines:
            match = re.fullmatch(r"install --quiet (\S+?)(?:\[(\w+)\])?", line)
            assert match, line
            assert (self.folder / match[1] / "pyproject.toml").exists()
            assert match[2] is None or match[2] in extras


@pytest.fixture
def job(tmp_path: Path) -> Job:
    if shutil.which("bash") is None or shutil.which("curl") is None:
        pytest.skip("the page's commands need bash, and a test of somebody's needs curl")
    return Job(tmp_path)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.timeout(300)
def test_the_shell_script_runs_as_written(job: Job) -> None:
    """Make an environment, install the sandbox in it, and run a part of the suite."""
    start, suite, _ = blocks("sh")
    ran = job.run(start + suite, job.install_for_real(), job.folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    job.check_results()
    assert refuses_connections(int(job.ports["8443"])), "the script leaves a sandbox running"


def test_a_failing_test_fails_the_shell_script(job: Job) -> None:
    (job.folder / "run-your-tests").write_text("#!/bin/sh\nexit 7\n")
    ran = job.run(blocks("sh")[0], job.environment, job.folder)
    assert ran.returncode == 7
    assert refuses_connections(int(job.ports["8443"]))


def test_the_workflow_runs_as_written(job: Job) -> None:
    workflow: Any = yaml.safe_load(blocks("yaml")[0])
    # YAML 1.1 reads `on` as true; the service does not.
    assert set(workflow) == {"name", True, "jobs"}
    steps = workflow["jobs"]["sms"]["steps"]
    with runner(job) as files:
        for step in steps:
            assert ("run" in step) != ("uses" in step)
            if "run" in step:
                where = job.folder / step.get("working-directory", ".")
                ran = job.run(step["run"], environment_of(job, files, step.get("env", {})), where)
                assert ran.returncode == 0, (step["name"], ran.stdout + ran.stderr)
    job.check_results()
    job.check_installed()
    kept = steps[-1]["with"]["path"].split()
    assert steps[-1]["uses"].startswith("actions/upload-artifact@")
    assert all((job.folder / each).exists() for each in kept)


def test_the_service_fits_into_the_workflow(job: Job) -> None:
    job_of_page = blocks("yaml")[0]
    position = job_of_page.index("    steps:")
    whole: Any = yaml.safe_load(job_of_page[:position] + blocks("yaml")[1] + job_of_page[position:])
    service = whole["jobs"]["sms"]["services"]["postgres"]
    secret = service["env"]["POSTGRES_PASSWORD"]
    assert f"postgresql://postgres:{secret}@localhost:5432/postgres" in blocks("sh")[2]
    assert service["ports"] == ["5432:5432"]


@contextmanager
def runner(job: Job) -> Iterator[tuple[Path, Path]]:
    """Return the two files that pass values from a step to the next; what a step leaves running ends with the job."""
    variables, paths = job.folder / "github_env", job.folder / "github_path"
    for file in (variables, paths):
        file.touch()
    try:
        yield variables, paths
    finally:
        ready = re.search(r'"pid": ?(\d+)', (job.folder / "sandbox.log").read_text())
        if ready:
            os.kill(int(ready[1]), signal.SIGTERM)
        until = time.monotonic() + 60
        while not refuses_connections(int(job.ports["8443"])) and time.monotonic() < until:
            time.sleep(0.05)


def environment_of(job: Job, files: tuple[Path, Path], own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a step: its own, that of earlier steps, and that of the service."""
    variables, paths = files
    written = dict(line.split("=", 1) for line in variables.read_text().splitlines())
    path = ":".join([*reversed(paths.read_text().splitlines()), job.environment["PATH"]])
    given = {"GITHUB_ENV": str(variables), "GITHUB_PATH": str(paths)}
    return (
        job.environment | written | given | {name: job.localize(value) for name, value in own.items()} | {"PATH": path}
    )


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
