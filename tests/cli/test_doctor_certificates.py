"""`sms-sandbox doctor` on certificates and authorities that are wrong."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest

from sms_sandbox.cli.doctor import server as server_checks
from sms_sandbox.cli.doctor import shell
from sms_sandbox.cli.doctor.certificate import check_certificate
from sms_sandbox.cli.doctor.findings import Finding
from sms_sandbox.server import authority
from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.settings import Settings
from tests.cli.doctor_findings import examine, findings, wrong
from tests.sandbox import Account, run_sandbox

pytestmark = pytest.mark.usefixtures("app_environment")


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
        ("early", "certificate is not yet valid", "Restart the sandbox"),
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
    begins = now + DAY if kind == "early" else now - 2 * DAY
    with tls_server(authority.issue(by, names, begins, expires), tmp_path) as https:
        result = examine(Account(replace(server.ready, https=https)), tmp_path, "--no-languages", "--json")
    (finding,) = (each for each in findings(result) if each["about"] == "certificate")
    assert finding["status"] == ("note" if kind == "soon" else "wrong")
    assert problem in finding["says"]
    assert advice in finding["advice"]


@pytest.mark.usefixtures("only_python")
def test_a_certificate_of_a_proxy_is_judged_by_what_this_machine_trusts(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time())
    foreign = authority.create_authority(["localhost"], now - DAY, now + 100 * DAY)
    (trusted := tmp_path / "public.pem").write_bytes(foreign[0])
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        monkeypatch.setenv(name, str(trusted))
    with tls_server(authority.issue(foreign, ["localhost"], now - DAY, now + 90 * DAY), tmp_path) as https:
        for name in shell.URL_VARIABLES:
            monkeypatch.setenv(name, https)
        listed = findings(examine(Account(replace(server.ready, https=https)), tmp_path, "--no-languages", "--json"))
    (certificate,) = (each for each in listed if each["about"] == "certificate")
    assert certificate["status"] == "ok"
    assert certificate["says"].endswith("for localhost. This machine trusts its authority.")
    assert not {"CA file", "variables"} & {each["about"] for each in listed if each["status"] == "wrong"}
    with tls_server(authority.issue(foreign, ["localhost"], now - 3 * DAY, now - DAY), tmp_path) as https:
        bad = wrong(examine(Account(replace(server.ready, https=https)), tmp_path, "--no-languages", "--json"))
    assert "certificate has expired" in bad["certificate"]["says"]
    assert "at the proxy that has it" in bad["certificate"]["advice"]


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
    return list(server_checks.check_ca_file(path, Path(account.ready.ca).read_text(), "Download it."))


def test_clocks_that_differ_are_found(server: Account, certificates: Certificates, tmp_path: Path) -> None:
    ahead = server_checks.check_machine_clock(datetime.now(UTC) + timedelta(hours=2))
    assert (ahead.status, "apart" in ahead.says) == ("wrong", True)
    now = int(time.time())
    own = certificates.ca.read_bytes(), certificates.ca_key.read_bytes()
    with tls_server(authority.issue(own, ["localhost"], now - 2 * DAY, now - DAY), tmp_path) as https:
        checked = check_certificate(https, certificates.ca.read_text(), is_clock_right=False)
    assert checked.finding.advice.startswith("Set the clock"), "a restart would not help"


def test_a_sandbox_on_another_machine_is_trusted_by_a_download(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check it on a server whose files this process does not see."""
    monkeypatch.setattr("sms_sandbox.cli.doctor.command.Path.exists", lambda path: path.name != "ca.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "DENO_CERT"):
        monkeypatch.delenv(name)
    listed = findings(examine(server, tmp_path, "--no-languages", "--json"))
    advice = [each["advice"] for each in listed if each["about"] in ("CA file", "variables")]
    assert len(advice) == 2
    assert all(f"curl -o ca.pem {server.ready.http}/_sandbox/ca.pem" in each for each in advice)
    assert not any("eval" in each for each in advice)
