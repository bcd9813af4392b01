"""The first steps of the page: its code runs as it is shown, in each language that is on this machine."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.page.conftest import OpenPage
from tests.sandbox import Account

SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"

FILES = {
    "curl": "send.sh", "Python": "send.py", "PHP": "send.php", "Node": "send.mjs", "Ruby": "send.rb",
    "Java": "Send.java", "C#": "Program.cs", "Go": "send.go",
}  # fmt: skip
"""The file that the code of each language goes into, as its commands name it."""

PROGRAMS = {"curl": "curl", "Python": "python3", "Ruby": "ruby", "PHP": "php", "C#": "dotnet", "Java": "keytool"}

COMMAND = re.compile(r"(?:#|//) (.+)")
VARIABLES_KEPT = ("PATH", "HOME", "GOCACHE", "GOROOT", "JAVA_HOME", "DOTNET_ROOT", "SystemRoot", "TEMP")


def commands_of(language: str, code: str) -> list[str]:
    """Return the commands that run the code: itself for a shell, and otherwise its first comments."""
    match language:
        case "curl":
            return [f"sh {FILES[language]}"]
        case "C#":
            return ["dotnet run"]
    lines = code.removeprefix("<?php\n").splitlines()
    count = next(index for index, line in enumerate(lines) if not COMMAND.fullmatch(line))
    return [COMMAND.sub(r"\1", line) for line in lines[:count]]


@pytest.fixture(scope="module")
def account(server: Account) -> Account:
    """A tenant whose key and secret have what the languages must quote."""
    return server.tenant(key="kéy$HOME", secret="s\\'\"#{1}$x`")


@pytest.fixture(scope="module")
def shown(browser: Browser, account: Account) -> Mapping[str, str]:
    """The code of each language, as the page shows it."""
    context = browser.new_context()
    pair = json.dumps(f"{account.key}:{account.secret}")
    context.add_init_script(f"sessionStorage.setItem('sms-sandbox.tenant', {pair})")
    page = context.new_page()
    page.goto(f"{account.ready.http}/_sandbox/#/start")
    tabs = page.get_by_role("tablist", name="Language").get_by_role("tab")
    expect(tabs.first).to_be_visible()
    codes = {}
    for tab in tabs.all():
        tab.click()
        codes[tab.inner_text()] = page.get_by_role("tabpanel").locator("code").inner_text()
    context.close()
    return codes


def test_the_page_shows_these_languages(shown: Mapping[str, str]) -> None:
    assert list(shown) == list(FILES)


@pytest.mark.parametrize("language", FILES)
def test_the_code_of_a_language_sends_a_message(
    account: Account, shown: Mapping[str, str], tmp_path: Path, language: str
) -> None:
    program = PROGRAMS.get(language, language.lower())
    if shutil.which(program) is None:
        pytest.skip(f"{language} is not on this machine: there is no {program}")
    environment = {name: os.environ[name] for name in VARIABLES_KEPT if name in os.environ}
    # A JVM that compiles one short file and ends gains nothing from its better compiler.
    environment |= {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    if language == "C#":
        subprocess.run(["dotnet", "new", "console"], cwd=tmp_path, env=environment, check=True, capture_output=True)
    (tmp_path / FILES[language]).write_text(shown[language], encoding="utf-8")
    before = account.ok("GET", "/messages")["page"]["total"]
    for command in commands_of(language, shown[language]):
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "SUCCESS" in ran.stdout, ran.stdout + ran.stderr
    assert account.ok("GET", "/messages")["page"]["total"] == before + 1


def test_the_first_message_appears_without_a_reload(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/start")
    expect(page.get_by_text("Waiting for the first message.")).to_be_visible()
    tenant.send(SCRIPT)
    expect(page.get_by_text(SCRIPT)).to_be_visible()
    assert page.evaluate("window.hit") is None
