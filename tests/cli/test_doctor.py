"""`sms-sandbox doctor` on set-ups that work, and on broken ones: what it finds, and what it advises."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sms_sandbox.cli.doctor import callbacks
from sms_sandbox.server.certificates import ensure
from tests.cli.doctor_findings import examine, findings, wrong
from tests.ports import free_port
from tests.receiver import Receiver
from tests.sandbox import Account

pytestmark = pytest.mark.usefixtures("app_environment")


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
    assert "Stop that program" in bad["server"]["advice"]


@pytest.mark.parametrize(("answer", "says"), [
    (b"", "the connection was closed without an answer"), (b"SSH-2.0-x\r\n", "what listens there does not speak HTTP"),
])  # fmt: skip
def test_a_program_that_speaks_no_http_on_the_port_is_found(
    server: Account, tmp_path: Path, answer: bytes, says: str
) -> None:
    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        http = f"http://localhost:{listener.getsockname()[1]}"
        bad = wrong(examine(Account(replace(server.ready, http=http)), tmp_path, "--json"))
        thread.join()
    assert bad["server"]["says"] == f"No sandbox answers at {http}/readyz: {says}."
    assert "Stop that program" in bad["server"]["advice"]


def test_the_https_port_in_place_of_the_other_is_found(server: Account, tmp_path: Path) -> None:
    http = server.ready.https.replace("https:", "http:")
    bad = wrong(examine(Account(replace(server.ready, http=http)), tmp_path, "--json"))
    assert bad["server"]["says"] == f"{http} is the HTTPS port of a sandbox, which is for the API."
    assert "--http-port" in bad["server"]["advice"]
    plain = replace(server.ready, https=server.ready.http.replace("http:", "https:"))
    bad = wrong(examine(Account(plain), tmp_path, "--json"))
    closed = replace(server.ready, https=f"https://localhost:{free_port()}")
    assert "publish this port" in wrong(examine(Account(closed), tmp_path, "--json"))["certificate"]["advice"]
    assert bad["certificate"]["says"] == f"No TLS connection to {plain.https}: what listens there does not speak TLS."


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
    assert "is not a callback URL" in try_url("nowhere")["says"]
    assert "--callback-host example.com" in try_url("https://example.com/hook")["advice"]
    assert "which has another port" in try_url(server.ready.https)["advice"]
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
    assert "--account KEY:SECRET" in wrong(result)["control"]["advice"]


def test_a_name_that_the_sandbox_does_not_know_is_found(server: Account, tmp_path: Path) -> None:
    other = server.ready.http.replace("localhost", socket.gethostname())
    if urlsplit(other).hostname == "localhost" or not _is_here(urlsplit(other).hostname or ""):
        pytest.skip("this machine does not find itself by its name")
    bad = wrong(examine(Account(replace(server.ready, http=other)), tmp_path, "--no-languages", "--json"))
    assert f"--cert-host {socket.gethostname().lower()}." in bad["control"]["advice"]


def _is_here(host: str) -> bool:
    with suppress(OSError):
        return socket.gethostbyname(host).startswith("127.")
    return False


@pytest.mark.parametrize("is_remote", [True, False])
def test_loopback_in_a_callback_url_is_explained_to_whoever_asks(is_remote: bool) -> None:
    reason = "refused: 127.0.0.1 is a loopback address, and other machines can call this server."
    advice = callbacks._advise("localhost", reason, is_remote)
    assert "serve --callback-host localhost" in advice
    assert ("Give this machine's address" in advice) is is_remote


def test_a_variable_that_hides_the_public_authorities_is_noted(
    server: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", server.ready.ca)
    result = examine(server, tmp_path, "--no-languages", "--json")
    notes = [each["says"] for each in findings(result) if each["status"] == "note" and each["about"] == "variables"]
    assert notes == ["SSL_CERT_FILE: the file holds the sandbox's CA alone, so programs trust no other server."]
