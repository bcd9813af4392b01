"""The docs are true: their commands run as written, and their links lead somewhere."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox.services import tenant_document
from sms_sandbox.store import schema
from tests.ports import free_port
from tests.processes import start_process

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "certs", "contract_tests", "contract_tests/recorded")
MAX_WORDS_OF_DECISIONS = 140
FILE_ENDINGS = (".com", ".json", ".pem", ".py")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))])

pytestmark = pytest.mark.xdist_group("ports")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server on free ports; its ready line."""
    command = [sys.executable, "-m", "sms_sandbox", "serve", "--https-port", "0", "--http-port", "0"]
    with start_process([*command, "--certs", "certs"], cwd=tmp_path) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield json.loads(line.partition("ready: ")[2])
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's commands need curl")
def test_the_readme_runs_as_written(running: dict[str, str], tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    script = "\n".join(block for block in blocks if "make run" not in block)
    assert script.count("curl") > 10
    https, http, hook = running["https"], running["http"], f"localhost:{(port := free_port())}"
    control = f"curl -s -u sandbox-key:sandbox-secret {http}/_sandbox/v1"
    for written, meant in {
        "https://localhost:8443": https,
        "http://localhost:8080": http,
        "localhost:9000": hook,
        "http.server 9000": f"http.server {port}",
        "python3": sys.executable,
        ".venv/bin/sms-sandbox": f"{sys.executable} -m sms_sandbox",
        # A busy machine may need longer than the README says.
        "sleep 1\n": f"until curl -s {hook}; do sleep 0.1; done\n",
        "sleep 2\nkill": f"until [[ $({control}/callbacks?state=delivered) == *6149* ]]; do sleep 0.1; done\nkill",
        "sleep 2\n": f"until [[ $({control}/recipients?status=delivered) == *6149* ]]; do sleep 0.1; done\n",
    }.items():
        assert written in script
        script = script.replace(written, meant)
    script = f'sms-sandbox() {{ {sys.executable} -m sms_sandbox "$@"; }}\n{script}'
    environment = os.environ | {"SMS_SANDBOX_CERTS": "certs", "SMS_SANDBOX_HTTPS_PORT": https.rpartition(":")[2]}
    environment["SMS_SANDBOX_HTTP_PORT"] = http.rpartition(":")[2]
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert '"message_id":340000001' in ran.stdout
    assert '"status":"delivered"' in ran.stdout
    assert "<response>Thanks</response>" in ran.stdout
    assert "GET /?order=17&message_id=340000002&mobile=61491570156&datetime=" in ran.stdout + ran.stderr
    assert '"status":"pending"' in ran.stdout
    assert '"status":"hard-bounce"' in ran.stdout
    assert '"state":"given-up"' in ran.stdout
    assert ran.stdout.count('"number":5,') == 1
    assert "as a reply to message 340000004." in ran.stdout
    assert '"Are you coming? Reply YES or NO."' in ran.stdout
    assert "The clock went 1 d ahead" in ran.stdout
    assert '{"balance":999.652,"currency":"AUD"' in ran.stdout


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def is_in_package(name: str) -> bool:
    """Return True if a dotted name is a module, or is defined in one."""
    path, rest = ROOT / "sms_sandbox", name.split(".")
    while rest and ((path / rest[0]).is_dir() or (path / rest[0]).with_suffix(".py").exists()):
        path /= rest.pop(0)
    body = [] if path.is_dir() else ast.parse(path.with_suffix(".py").read_text()).body
    while rest:
        wanted = rest.pop(0)
        body = next((getattr(node, "body", [node]) for node in body if wanted in defined_names(node)), [])
        if not body:
            return False
    return True


def defined_names(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module or class defines."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def test_files_and_names_of_code_in_pages_exist() -> None:
    rooms = "|".join(each.name.removesuffix(".py") for each in (ROOT / "sms_sandbox").iterdir())
    for page in PAGES:
        text = page.read_text()
        paths = re.findall(r"`((?:sms_sandbox|tests|docs|benchmarks|examples|contract_tests)/[\w./-]*)`", text)
        assert [each for each in paths if not (ROOT / each).exists()] == [], page.name
        names = re.findall(rf"`((?:{rooms})(?:\.\w+)+)`", text)
        assert [each for each in names if not each.endswith(FILE_ENDINGS) and not is_in_package(each)] == [], page.name


def test_names_in_the_architecture_are_those_of_the_code() -> None:
    modules = [path for folder in ("sms_sandbox", "contract_tests") for path in (ROOT / folder).rglob("*.py")]
    words = {path.stem for path in modules}.union(*(re.findall(r"\w+", path.read_text()) for path in modules))
    assert set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "architecture.md").read_text())) <= words


def test_every_make_verb_the_pages_name_exists() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z-]+)", page.read_text())) <= verbs, page.name


def test_each_decision_is_one_short_paragraph_with_a_date() -> None:
    text = (ROOT / "docs" / "decisions.md").read_text()
    paragraphs = [" ".join(each.split()) for each in text.split("\n\n")]
    decisions = [each for each in paragraphs if each.startswith("**")]
    assert len(decisions) > 100
    dated = re.compile(r"\*\*[^*]+\*\* \(20\d\d-\d\d-\d\d(?:, before: [^)]+)?\)\. \S")
    assert [each[:80] for each in decisions if not dated.match(each)] == []
    assert [each[:80] for each in decisions if len(each.split()) > MAX_WORDS_OF_DECISIONS] == []
    others = [each for each in paragraphs if not each.startswith(("**", "#", "- "))]
    assert len(others) == 1, "only the first paragraph of the page is no decision"


def test_the_list_of_changes_has_the_versions_of_database_and_documents() -> None:
    versions = f"The database is of version {schema.VERSION}, and documents are of version {tenant_document.VERSION}."
    assert versions in " ".join((ROOT / "CHANGELOG.md").read_text().split())
