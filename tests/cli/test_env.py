"""`env`: the lines that it prints, and the sources of their values."""

import json
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.cli.shell import at, run, write_ready
from tests.ports import free_port
from tests.sandbox import Account, run_sandbox


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


def test_env_creates_certificates_only_with_create(tmp_path: Path) -> None:
    where = ("env", "--certs", str(tmp_path / "certs"), "--http-port", str(free_port()))
    result = run(*where)
    assert result.exit_code == 1
    assert "There are no certificates in " in result.output
    assert "no sandbox answers at http://localhost:" in result.output
    assert not (tmp_path / "certs").exists()
    assert run(*where, "--create").exit_code == 0
    assert (tmp_path / "certs" / "ca.pem").exists()


def test_env_in_a_folder_without_certificates_asks_the_running_server(server: Account, tmp_path: Path) -> None:
    where = ("env", "--certs", str(tmp_path / "certs"), *at(server))
    output = run(*where).output
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in output
    assert f"export NODE_EXTRA_CA_CERTS={server.ready.ca}\n" in output
    assert "export SMS_SANDBOX_SECRET=sandbox-secret\n" in output
    assert not (tmp_path / "certs").exists()
    tenant = server.tenant()
    variables = json.loads(run(*where, "--json", "--account", f"{tenant.key}:{tenant.secret}").output)
    assert (variables["SMS_SANDBOX_KEY"], variables["SMS_SANDBOX_SECRET"]) == (tenant.key, tenant.secret)


def test_env_asks_a_server_that_keeps_its_secret(certificates: Certificates, tmp_path: Path) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), control_token="let-me-in")
    with run_sandbox(settings) as account:
        where = ("env", "--certs", str(tmp_path / "certs"), *at(account))
        assert run(*where).exit_code == 1
        result = run(*where, "--control-token", "let-me-in")
        assert (result.exit_code, "--account gives one" in result.output) == (1, True)
        mine = ("--account", f"{account.key}:{account.secret}")
        assert f"SMS_SANDBOX_SECRET={account.secret}\n" in run(*where, *mine).output


def test_env_reads_a_ready_file(server: Account, tmp_path: Path) -> None:
    write_ready(server, tmp_path / "ready.json")
    output = run("env", "--ready-file", str(tmp_path / "ready.json")).output
    assert f"export SMS_SANDBOX_URL={server.ready.https}\n" in output
    assert f"export NODE_EXTRA_CA_CERTS={server.ready.ca}\n" in output


def test_env_refuses_invalid_combinations(certificates: Certificates, tmp_path: Path) -> None:
    where = ("env", "--certs", str(certificates.directory))
    assert run(*where, "--shell", "fish").exit_code == 2
    assert run(*where, "--account", "nocolon").exit_code == 2
    assert run(*where, "--cert-host", "a b").exit_code == 2
    assert run("env", "--ready-file", str(tmp_path / "none")).exit_code == 1
