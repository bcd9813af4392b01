"""The search for a browser, and what is said if there is none."""

import os
import shutil
import sys

import pytest

from tests import browser


def test_the_configured_browser_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_SANDBOX_BROWSER", sys.executable)
    assert browser.find_browser() == sys.executable
    monkeypatch.setenv("SMS_SANDBOX_BROWSER", "no-such-browser")
    assert browser.find_browser() is None


def test_a_missing_browser_is_an_error_unless_it_could_not_be_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = []
    monkeypatch.setenv("SMS_SANDBOX_BROWSER", "no-such-browser")
    monkeypatch.setattr(browser, "install_browser", lambda: installed.append(True))
    monkeypatch.setattr(sys, "argv", ["browser"])
    assert browser.main() == 1
    assert installed == []
    monkeypatch.setattr(sys, "argv", ["browser", "--install"])
    assert browser.main() == 0
    assert installed == [True]
    assert capsys.readouterr().err.count("THERE IS NO BROWSER") == 2


def test_playwright_downloads_one_where_no_package_can_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> bool:
        commands.append(command)
        return False

    monkeypatch.setattr(browser, "_run", run)
    monkeypatch.setattr(shutil, "which", dict[str, str]().get)
    browser.install_browser()
    assert commands == [(sys.executable, "-m", "playwright", "install", "chromium")]
    monkeypatch.setattr(shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    commands.clear()
    browser.install_browser()
    assert [command[0] for command in commands] == ["apt-get", "apt-get", sys.executable]
