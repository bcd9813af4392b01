"""`sms-sandbox doctor` on set-ups that work, and on broken ones: what it finds, and what it advises."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from click.testing import CliRunner, Result

from sms_sandbox.cli.doctor import languages
from sms_sandbox.cli.doctor import server as server_checks
from sms_sandbox.cli.doctor.findings import Finding
from sms_sandbox.cli.root import main
from sms_sandbox.server import authority
from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.settings import Settings
from tests.cli.shell import free_port
from tests.receiver import Receiver
from tests.sandbox import Account, run_sandbox

pytestmark = pytest.mark.usefixtures("app_environment")

Findings = list[Mapping[str, str]]


def examine(where: Account, tmp_path: Path, *args: str) -> Result:
    file = tmp_path / "ready.json"
    file.write_text(where.ready.to_json())
    return CliRunner().invoke(main, ["doctor", "--ready-file", str(file), *args], prog_name="sms-sandbox")


def findings(result: Result) -> Findings:
    parsed: Findings = json.loads(result.output)["checks"]
    return parsed


def wrong(result: Result) -> dict[str, Mapping[str, str]]:
    """Return the problems by their subject. The exit code must agree, and each must have an advice."""
    bad = {each["about"]: each for each in findings(result) if each["status"] == "wrong"}
    assert result.exit_code == (1 if bad else 0)
    assert all(each["advice"] for each in bad.values())
    return bad


@pytest.fixture
def only_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the other languages out, as each takes a second or two."""
    monkeypatch.setattr(languages, "LANGUAGES", [each for each in languages.LANGUAGES if each.program == "python3"])


@pytest.mark.usefixtures("only_python")
def test_doctor_finds_nothing_wrong_where_all_is_well(server: Account, tmp_path: Path) -> None:
    result = examine(server, tmp_path)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("\nNothing is wrong.\n")
    for about in ("server", "version", "machine time", "certificate", "tenant clock", "proxy", "variables", "python3"):
        assert f"\nok     {about}" in f"\n{result.output}", result.output
    assert "localhost, 127.0.0.1" in result.output


def test_a_missing_server_is_found(server: Account, tmp_path: Path) -> None:
    gone = Account(replace(server.ready, http=f"http://localhost:{free_port()}"))
    bad = wrong(examine(gone, tmp_path, "--json"))
    assert set(bad) == {"server"}
    assert "sms-sandbox serve" in bad["server"]["advice"]


def test_another_program_on_the_port_is_found(server: Account, tmp_path: Path, receiver: Receiver) -> None:
    bad = wrong(examine(Account(replace(server.ready, http=receiver.url)), tmp_path, "--json"))
    assert "Something that is not a sandbox" in bad["server"]["says"]


@pytest.mark.usefixtures("only_python")
def test_a_variable_with_another_authority_is_found(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = ensure(tmp_path / "other")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.ca_bundle))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "none.pem"))
    result = examine(server, tmp_path, "--json")
    says = [each["says"] for each in findings(result) if each["about"] == "variables" and each["status"] == "wrong"]
    assert says == [
        f"SSL_CERT_FILE: {other.ca_bundle} does not hold the sandbox's CA.",
        f"CURL_CA_BUNDLE: {tmp_path / 'none.pem'} can't be read: No such file or directory.",
    ]
    assert "python3" in wrong(result)
    assert "eval" in wrong(result)["python3"]["advice"]


def test_a_proxy_for_localhost_is_found(server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    bad = wrong(examine(server, tmp_path, "--no-languages", "--json"))
    assert set(bad) == {"proxy"}
    assert (
        "https_proxy (or HTTPS_PROXY) is http://127.0.0.1:9, and it catches calls to localhost" in bad["proxy"]["says"]
    )
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert wrong(examine(server, tmp_path, "--no-languages", "--json")) == {}


def test_a_server_of_another_version_is_found(server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sms_sandbox.cli.doctor.server.__version__", "99.0")
    bad = wrong(examine(server, tmp_path, "--no-languages", "--json"))
    assert set(bad) == {"version"}
    assert "this command line of 99.0" in bad["version"]["says"]


@contextmanager
def tls_server(pair: tuple[bytes, bytes], folder: Path) -> Iterator[str]:
    """Serve TLS with a certificate, and give the address."""
    (folder / "cert.pem").write_bytes(pair[0])
    (folder / "key.pem").write_bytes(pair[1])
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://localhost:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


DAY = 86_400


@pytest.mark.parametrize(
    ("kind", "problem", "advice"),
    [
        ("expired", "certificate has expired", "Restart the sandbox"),
        ("foreign", "unable to get local issuer certificate", "not the one that the server uses"),
        ("another name", "Hostname mismatch", "--cert-host"),
        ("soon", "expires in 2 d", "Restart the sandbox"),
    ],
)
def test_an_unusable_certificate_is_found(
    server: Account, certificates: Certificates, tmp_path: Path, kind: str, problem: str, advice: str
) -> None:
    now = int(time.time())
    own = certificates.ca.read_bytes(), certificates.ca_key.read_bytes()
    by = authority.create_authority(["localhost"], now - DAY, now + DAY) if kind == "foreign" else own
    names = ["127.0.0.1"] if kind == "another name" else ["localhost"]
    expires = {"expired": now - DAY, "soon": now + 3 * DAY - 60}.get(kind, now + 100 * DAY)
    with tls_server(authority.issue(by, names, now - 2 * DAY, expires), tmp_path) as https:
        result = examine(Account(replace(server.ready, https=https)), tmp_path, "--no-languages", "--json")
    (finding,) = (each for each in findings(result) if each["about"] == "certificate")
    assert finding["status"] == ("note" if kind == "soon" else "wrong")
    assert problem in finding["says"]
    assert advice in finding["advice"]


@pytest.mark.usefixtures("only_python")
def test_no_language_is_tried_with_an_unusable_certificate(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    foreign = authority.create_authority(["localhost"], now - DAY, now + DAY)
    with tls_server(authority.issue(foreign, ["localhost"], now - DAY, now + DAY), tmp_path) as https:
        monkeypatch.setenv("SMS_SANDBOX_URL", https)
        result = examine(Account(replace(server.ready, https=https)), tmp_path, "--json")
    assert "python3" not in {each["about"] for each in findings(result)}
    assert [each["says"] for each in findings(result) if each["about"] == "languages"] == [
        "They are not tried, because none can trust this certificate."
    ]


def test_a_missing_folder_of_certificates_is_found(tmp_path: Path) -> None:
    folder = ensure(tmp_path / "certs").directory
    with run_sandbox(Settings(https_port=0, http_port=0, certs=str(folder))) as account:
        shutil.rmtree(folder)
        bad = wrong(examine(account, tmp_path, "--json"))
    assert f"there is no {account.ready.ca}" in bad["CA file"]["says"]
    assert "Restart the sandbox" in bad["CA file"]["advice"]


def test_a_folder_with_another_authority_is_found(server: Account, tmp_path: Path) -> None:
    other = ensure(tmp_path / "other")
    assert [each.says for each in ca_file(str(other.ca), server)] == [
        f"{other.ca} is not the authority of this server."
    ]
    (absent,) = ca_file(str(tmp_path / "none.pem"), server)
    assert absent.status == "note"
    assert ca_file(server.ready.ca, server) == []


def ca_file(path: str, account: Account) -> list[Finding]:
    return list(server_checks.check_ca_file(path, Path(account.ready.ca).read_text()))


def test_a_variable_with_another_address_is_found(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSMITSMS_BASE_URL", "https://localhost:1")
    bad = wrong(examine(server, tmp_path, "--no-languages", "--json"))
    assert "TRANSMITSMS_BASE_URL=https://localhost:1 leads elsewhere" in bad["variables"]["says"]


def test_a_frozen_clock_is_a_note(server: Account, tmp_path: Path) -> None:
    tenant = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    result = examine(tenant, tmp_path, "--no-languages", "--account", f"{tenant.key}:{tenant.secret}")
    assert result.exit_code == 0
    assert "note   tenant clock  It is frozen at 2030-01-31 12:00:00 UTC" in result.output
    assert "-> `sms-sandbox clock resume`" in result.output


@pytest.mark.usefixtures("only_python")
def test_an_advice_is_given_in_full_only_once(server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    lines = [line.strip() for line in examine(server, tmp_path).output.splitlines()]
    assert len([line for line in lines if "eval" in line]) == 1
    (place,) = (number for number, line in enumerate(lines) if "python3" in line)
    assert lines[place + 1] == "-> As above."
    assert "`cafile`" in lines[place + 2]


def test_clocks_that_differ_are_found() -> None:
    ahead = server_checks.check_machine_clock(datetime.now(UTC) + timedelta(hours=2))
    assert (ahead.status, "apart" in ahead.says) == ("wrong", True)


def test_a_callback_is_really_sent(server: Account, tmp_path: Path, receiver: Receiver) -> None:
    def try_url(url: str) -> Mapping[str, str]:
        result = examine(server, tmp_path, "--no-languages", "--json", "--callback-url", url)
        (finding,) = (each for each in findings(result) if each["about"] == "callbacks")
        assert result.exit_code == (0 if finding["status"] == "ok" else 1)
        return finding

    tenants = server.ok("GET", "/tenants")["page"]["total"]
    assert try_url(receiver.url)["status"] == "ok"
    assert receiver.received[-1]["status"] == "delivered"
    receiver.status = 500
    assert "must answer with 200 to 299" in try_url(receiver.url)["advice"]
    assert "nothing listens" in try_url(f"http://localhost:{free_port()}/")["says"]
    assert "is no callback URL" in try_url("nowhere")["says"]
    assert "--callback-host example.com" in try_url("https://example.com/hook")["advice"]
    assert server.ok("GET", "/tenants")["page"]["total"] == tenants


def test_the_last_callbacks_of_the_account_are_checked(server: Account, tmp_path: Path, receiver: Receiver) -> None:
    tenant = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    mine = ("--no-languages", "--json", "--account", f"{tenant.key}:{tenant.secret}")
    tenant.ok("PATCH", "/account", {"dlr_url": receiver.url})
    (unused,) = (each for each in findings(examine(tenant, tmp_path, *mine)) if each["about"] == "callbacks")
    assert "has not been called yet" in unused["says"]
    receiver.status = 404
    tenant.send()
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    bad = wrong(examine(tenant, tmp_path, *mine))
    assert "answered 404" in bad["callbacks"]["says"]
    assert "sms-sandbox resend" in bad["callbacks"]["advice"]


def test_an_account_that_the_sandbox_does_not_know_is_found(server: Account, tmp_path: Path) -> None:
    result = examine(server, tmp_path, "--no-languages", "--json", "--account", "nobody:here")
    assert "There is no account" in wrong(result)["control"]["says"]
