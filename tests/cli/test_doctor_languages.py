"""The doctor on each language that is on this machine."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sms_sandbox.cli.doctor import languages
from sms_sandbox.cli.doctor.findings import Finding
from sms_sandbox.client.environment import render, variables
from tests.sandbox import Account

pytestmark = pytest.mark.usefixtures("app_environment")


def check_language(program: str, url: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> Finding:
    """Connect by one language, with options for its program. Skip the test if it is not on this machine."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    (language,) = (each for each in languages.LANGUAGES if each.program == program)
    with monkeypatch.context() as patch:
        patch.setattr(languages, "LANGUAGES", (replace(language, arguments=(*options, *language.arguments)),))
        (finding,) = languages.check_languages(f"{url}/livez", "", are_told=True)
    return finding


@pytest.mark.parametrize("program", [each.program for each in languages.LANGUAGES if each.has_variable])
def test_a_language_that_reads_a_variable_really_connects(
    program: str, server: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_language(program, server.ready.https, monkeypatch).status == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("CURL_CA_BUNDLE", os.devnull)
    monkeypatch.delenv("NODE_EXTRA_CA_CERTS")
    finding = check_language(program, server.ready.https, monkeypatch)
    assert finding.status == "wrong"
    assert re.search("certificate|CA", finding.says), finding.says


def advice_lines(account: Account) -> list[str]:
    """Return the commands in the comments of `sms-sandbox env`: for PHP, and then for Java."""
    given = variables(Path(account.ready.ca), Path(account.ready.ca_bundle), account.ready.https, "key", "secret", {})
    return [line.removeprefix("#   ") for line in render(given, "bash").splitlines() if line.startswith("#   ")]


def test_php_connects_as_the_environment_says(server: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    options = shlex.split(advice_lines(server)[0])[1:-1]
    assert check_language("php", server.ready.https, monkeypatch, *options).status == "ok"
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    finding = check_language("php", server.ready.https, monkeypatch)
    assert finding.status == "note"
    assert "certificate verify failed" in finding.says


def test_php_is_helped_by_the_docs_where_the_environment_cannot_be_printed(
    server: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setattr(languages, "LANGUAGES", [each for each in languages.LANGUAGES if each.program == "php"])
    if shutil.which("php") is None:
        pytest.skip("php is not installed")
    (finding, *_) = languages.check_languages(f"{server.ready.https}/livez", "", "that page says", are_told=True)
    assert finding.advice == "Start PHP with -d openssl.cafile and -d curl.cainfo, as that page says."


def test_phps_curl_reads_no_variable(server: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that it is not well if only PHP's own functions connect, which read SSL_CERT_FILE."""
    finding = check_language("php", server.ready.https, monkeypatch)
    if subprocess.run(["php", "-r", "exit((int) function_exists('curl_init'));"], check=False).returncode == 0:
        pytest.skip("this PHP has no curl")
    assert (finding.status, "its curl: SSL certificate problem" in finding.says) == ("note", True)


def test_java_connects_as_the_environment_says(server: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", quick)
    finding = check_language("java", server.ready.https, monkeypatch)
    assert finding.status == "note"
    assert "unable to find valid certification path" in finding.says
    monkeypatch.delenv("JAVA_HOME", raising=False)
    script = "\n".join([*advice_lines(server)[1:], 'printf "%s" "$JAVA_TOOL_OPTIONS"'])
    ran = subprocess.run(["bash", "--norc", "-euc", script], capture_output=True, text=True, check=True)
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"{quick} {ran.stdout.splitlines()[-1]}")
    assert check_language("java", server.ready.https, monkeypatch).status == "ok"


@pytest.mark.parametrize("program", ["curl", "python3", "php"])
def test_a_proxy_is_not_reported_as_a_certificate_problem(
    program: str, server: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    finding = check_language(program, server.ready.https, monkeypatch)
    if program == "php" and finding.status == "ok":
        pytest.skip("this PHP has no curl, and nothing else of it asks a proxy")
    assert finding.status == "wrong"
    assert "It can't connect: " in finding.says
    assert "proxy" in finding.advice
    assert "--cacert" not in finding.advice
