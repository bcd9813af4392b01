"""`env`: the lines that it prints, and the sources of their values."""

from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from tests.cli.shell import run, write_ready
from tests.sandbox import Account


def test_a_flag_wins_over_the_environment_and_that_over_the_default(certificates: Certificates) -> None:
    def url(*args: str, **environment: str) -> str:
        result = run("env", "--certs", str(certificates.directory), *args, **environment)
        assert result.exit_code == 0, result.output
        return result.output.partition("SMS_SANDBOX_URL=")[2].partition("\n")[0]

    assert url() == "https://localhost:8443"
    assert url(SMS_SANDBOX_HTTPS_PORT="9443") == "https://localhost:9443"
    assert url("--https-port", "9444", SMS_SANDBOX_HTTPS_PORT="9443") == "https://localhost:9444"
    assert url("--host", "::1") == "'https://[::1]:8443'"


def test_several_accounts_come_by_flags_and_by_the_environment(certificates: Certificates) -> None:
    where = ("env", "--certs", str(certificates.directory))
    assert "SMS_SANDBOX_KEY=a\n" in run(*where, "--account", "a:b", "--account", "c:d").output
    assert "SMS_SANDBOX_KEY=x\n" in run(*where, SMS_SANDBOX_ACCOUNT="x:y z:w").output


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export SMS_SANDBOX_KEY=sandbox-key\n"),
        ("powershell", "$env:SMS_SANDBOX_KEY = 'sandbox-key'\n"),
        ("dotenv", 'SMS_SANDBOX_KEY="sandbox-key"\n'),
        ("github", "SMS_SANDBOX_KEY=sandbox-key\n"),
    ],
)
def test_env_prints_lines_for_a_shell(certificates: Certificates, shell: str, line: str) -> None:
    result = run("env", "--certs", str(certificates.directory), "--shell", shell)
    assert result.exit_code == 0
    assert line in result.output
    assert str(certificates.ca_bundle) in result.output


def test_env_makes_certificates_where_there_are_none(tmp_path: Path) -> None:
    assert run("env", "--certs", str(tmp_path / "certs")).exit_code == 0
    assert (tmp_path / "certs" / "ca.pem").exists()


def test_env_reads_a_ready_file(server: Account, tmp_path: Path) -> None:
    write_ready(server, tmp_path / "ready.json")
    output = run("env", "--ready-file", str(tmp_path / "ready.json")).output
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in output
    assert f"export NODE_EXTRA_CA_CERTS={server.ready.ca}\n" in output


def test_env_refuses_what_cannot_be(certificates: Certificates, tmp_path: Path) -> None:
    where = ("env", "--certs", str(certificates.directory))
    assert run(*where, "--shell", "fish").exit_code == 2
    assert run(*where, "--account", "nocolon").exit_code == 2
    assert run(*where, "--cert-host", "a b").exit_code == 2
    assert run("env", "--ready-file", str(tmp_path / "none")).exit_code == 1
