import json
import logging
import os
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest

from sms_sandbox.tls import STANDARD_NAMES, CertificateError, Certificates, ensure, server_context

DAY = timedelta(days=1)


def handshake(certificates: Certificates, name: str, trusted: Path | None = None) -> dict[str, Any]:
    """What a client that trusts the CA (or another file's roots) is shown, having accepted it."""
    client = ssl.create_default_context(cafile=trusted or certificates.ca)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.set_alpn_protocols(["h2", "http/1.1"])
    server = server_context(certificates)

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                with server.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(1)
            except OSError:  # the client did not like what it saw
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname()[:2], timeout=10) as plain,
                client.wrap_socket(plain, server_hostname=name) as secure,
            ):
                assert secure.version() in {"TLSv1.2", "TLSv1.3"}
                assert secure.selected_alpn_protocol() == "http/1.1"
                shown = secure.getpeercert()
                assert shown
                return shown
        finally:
            thread.join()


def contents(certificates: Certificates) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in certificates.directory.iterdir()}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a first start leaves, made once."""
    return contents(ensure(tmp_path_factory.mktemp("made") / "certs"))


@pytest.fixture
def certificates(tmp_path: Path, made: dict[str, bytes]) -> Certificates:
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return Certificates(tmp_path)


def test_a_first_start_makes_the_directory_and_all_files(tmp_path: Path) -> None:
    certificates = ensure(tmp_path / "deep" / "certs")
    assert {path.name for path in certificates.directory.iterdir()} == {
        "ca.pem",
        "ca-key.pem",
        "ca-bundle.pem",
        "server.pem",
        "server-key.pem",
        "server.json",
        ".lock",
    }


def test_a_relative_directory_is_made_absolute(
    certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    assert ensure(Path(tmp_path.name)) == certificates


def test_a_second_start_changes_nothing(certificates: Certificates, made: dict[str, bytes]) -> None:
    assert ensure(certificates.directory) == certificates
    assert contents(certificates) == made


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_keys_are_for_the_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created: dict[str, int] = {}
    replace = Path.replace

    def watched(self: Path, target: Path) -> Path:
        created[Path(target).name] = self.stat().st_mode & 0o777
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    before = os.umask(0)
    try:
        certificates = ensure(tmp_path / "certs")
    finally:
        os.umask(before)
    for key in (certificates.key, certificates.ca_key):
        assert created[key.name] == 0o600
        assert key.stat().st_mode & 0o777 == 0o600
    assert certificates.ca.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", STANDARD_NAMES)
def test_clients_that_trust_the_ca_accept_each_standard_name(certificates: Certificates, name: str) -> None:
    handshake(certificates, name)


def test_clients_that_trust_the_bundle_accept_the_server_and_the_public_roots(certificates: Certificates) -> None:
    handshake(certificates, "localhost", trusted=certificates.ca_bundle)
    bundle, public = (ssl.create_default_context(cafile=path) for path in (certificates.ca_bundle, certifi.where()))
    assert len(bundle.get_ca_certs()) == len(public.get_ca_certs()) + 1


def test_clients_refuse_names_it_lacks_and_servers_they_do_not_trust(certificates: Certificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates, "example.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates, "localhost", trusted=Path(certifi.where()))


def test_the_server_certificate_lasts_no_longer_than_platforms_allow(certificates: Certificates) -> None:
    shown = handshake(certificates, "localhost")
    begins, expires = (ssl.cert_time_to_seconds(shown[key]) for key in ("notBefore", "notAfter"))
    assert 0 < expires - begins <= (397 * DAY).total_seconds()
    record = json.loads(certificates.record.read_bytes())
    assert (record["begins"], record["expires"]) == (begins, expires)


def test_extra_names_renew_the_server_certificate_and_keep_the_ca(
    certificates: Certificates, made: dict[str, bytes]
) -> None:
    ensure(certificates.directory, ["sms", "*.Example.test.", "10.1.2.3", "FD00:0::1", "b\u00fccher.test"])
    for name in ("sms", "a.example.test", "10.1.2.3", "fd00::1", "xn--bcher-kva.test", *STANDARD_NAMES):
        handshake(certificates, name)
    after = contents(certificates)
    assert {name for name in made if made[name] != after[name]} == {"server.pem", "server-key.pem", "server.json"}
    ensure(certificates.directory, ["sms", "*.example.test"])
    ensure(certificates.directory)
    assert contents(certificates) == after


def test_names_of_another_sandbox_in_the_directory_are_kept(certificates: Certificates) -> None:
    ensure(certificates.directory, ["one.test"])
    ensure(certificates.directory, ["two.test"])
    handshake(certificates, "one.test")
    handshake(certificates, "two.test")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a b",
        "-a.test",
        "a..test",
        "*",
        "*.",
        "a.*.test",
        "127.0.0.256",
        "10.0.0.0/8",
        "fe80::1%eth0",
        "me@example.test",
        "a_b",
        "https://a.test",
        "a" * 64,
        "a." * 127 + "test",
        "ab--cd.test",  # of the form that only encoded names may have
    ],
)
def test_a_bad_name_is_refused_and_nothing_is_touched(
    certificates: Certificates, made: dict[str, bytes], name: str
) -> None:
    with pytest.raises(ValueError, match="certificate can"):
        ensure(certificates.directory, [name])
    assert contents(certificates) == made


def test_the_server_certificate_is_renewed_in_its_last_month(
    certificates: Certificates, made: dict[str, bytes]
) -> None:
    expires = datetime.fromtimestamp(json.loads(certificates.record.read_bytes())["expires"], UTC)
    ensure(certificates.directory, now=expires - 30 * DAY)
    assert contents(certificates) == made
    ensure(certificates.directory, now=expires - 29 * DAY)
    after = contents(certificates)
    assert after["server.pem"] != made["server.pem"]
    assert after["ca.pem"] == made["ca.pem"]


def test_a_server_certificate_from_the_future_is_made_anew(certificates: Certificates) -> None:
    ensure(certificates.directory, now=datetime.now(UTC) + 500 * DAY)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificates, "localhost")
    ensure(certificates.directory)
    handshake(certificates, "localhost")


def test_the_ca_is_renewed_when_it_is_about_to_expire(
    certificates: Certificates, made: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    expires = datetime.fromtimestamp(json.loads(certificates.record.read_bytes())["ca_expires"], UTC)
    ensure(certificates.directory, now=expires - 40 * DAY)
    record = json.loads(certificates.record.read_bytes())
    assert record["expires"] == record["ca_expires"]  # nothing outlives what it rests on
    assert certificates.ca.read_bytes() == made["ca.pem"]
    assert not caplog.records
    ensure(certificates.directory, now=expires - 29 * DAY)
    assert certificates.ca.read_bytes() != made["ca.pem"]
    assert "about to expire" in caplog.text


def stranger(tmp_path: Path, name: str) -> bytes:
    return Path(ensure(tmp_path / "stranger").directory / name).read_bytes()


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
@pytest.mark.parametrize("damage", ["empty", "noise", "stranger", "cut", "gone"])
def test_a_damaged_ca_is_replaced_with_a_warning(
    certificates: Certificates, made: dict[str, bytes], caplog: pytest.LogCaptureFixture, name: str, damage: str
) -> None:
    path = certificates.directory / name
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "noise":
            path.write_bytes(b"\xff\x00noise")
        case "stranger":
            path.write_bytes(stranger(certificates.directory, name))
        case "cut":
            path.write_bytes(made[name][:100])
        case _:
            path.unlink()
    certificates.certificate.unlink()  # so that the key is needed, too
    with caplog.at_level(logging.WARNING):
        ensure(certificates.directory)
    assert "A new local CA replaces the one in" in caplog.text
    handshake(certificates, "localhost")
    handshake(certificates, "localhost", trusted=certificates.ca_bundle)


def test_a_server_certificate_is_no_ca(certificates: Certificates, made: dict[str, bytes]) -> None:
    certificates.ca.write_bytes(made["server.pem"])
    certificates.ca_key.write_bytes(made["server-key.pem"])
    ensure(certificates.directory)
    handshake(certificates, "localhost")


def test_the_ca_key_may_be_kept_elsewhere_until_it_is_needed(
    certificates: Certificates, made: dict[str, bytes]
) -> None:
    certificates.ca_key.unlink()
    ensure(certificates.directory)
    assert certificates.ca.read_bytes() == made["ca.pem"]


@pytest.mark.parametrize("name", ["server.pem", "server-key.pem", "server.json", "ca-bundle.pem"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", None])
def test_any_other_file_heals_and_the_ca_stays(
    certificates: Certificates, made: dict[str, bytes], name: str, content: bytes | None
) -> None:
    path = certificates.directory / name
    path.unlink() if content is None else path.write_bytes(content)
    ensure(certificates.directory)
    handshake(certificates, "localhost")
    handshake(certificates, "localhost", trusted=certificates.ca_bundle)
    assert certificates.ca.read_bytes() == made["ca.pem"]
    assert (certificates.certificate.read_bytes() == made["server.pem"]) == (name == "ca-bundle.pem")


def test_new_public_roots_renew_the_bundle_alone(
    certificates: Certificates, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    roots = tmp_path / "roots"
    roots.write_bytes(b"# other roots\n")
    monkeypatch.setattr(certifi, "__version__", "another")
    monkeypatch.setattr(certifi, "where", lambda: str(roots))
    ensure(certificates.directory)
    assert certificates.ca_bundle.read_bytes() == b"# other roots\n\n" + made["ca.pem"]
    assert certificates.certificate.read_bytes() == made["server.pem"]
    ensure(certificates.directory)
    assert json.loads(certificates.record.read_bytes())["certifi"] == "another"


def run(program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)


def test_a_start_with_good_files_loads_no_certificate_library_and_writes_nothing(certificates: Certificates) -> None:
    program = """
import sys
from pathlib import Path
from sms_sandbox import tls
tls.server_context(tls.ensure(Path(sys.argv[1])))
print(sorted({"trustme", "cryptography"} & sys.modules.keys()))
"""
    before = {path: path.stat().st_mtime_ns for path in certificates.directory.iterdir()}
    with run(program, str(certificates.directory)) as process:
        assert process.communicate()[0] == "[]\n"
    assert {path: path.stat().st_mtime_ns for path in certificates.directory.iterdir()} == before


def test_processes_that_start_at_once_end_with_one_consistent_set(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from sms_sandbox import tls
import trustme
print("ready", flush=True)
sys.stdin.readline()
certificates = tls.ensure(Path(sys.argv[1]), [sys.argv[2]])
tls.server_context(certificates)
print(certificates.ca.read_text())
"""
    names = ["one.test", "two.test"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "certs"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert seen[0] == seen[1]
    certificates = Certificates(tmp_path / "certs")
    for name in (*names, "localhost"):
        handshake(certificates, name)
        handshake(certificates, name, trusted=certificates.ca_bundle)


def test_a_directory_that_cannot_be_made_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for directory in (tmp_path / "file", tmp_path / "file" / "certs"):
        with pytest.raises(CertificateError) as caught:
            ensure(directory)
        assert str(directory) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_failed_write_leaves_no_half_made_file(certificates: Certificates) -> None:
    certificates.ca_bundle.unlink()
    certificates.ca_bundle.mkdir()
    with pytest.raises(CertificateError, match="cannot be kept in"):
        ensure(certificates.directory)
    assert not list(certificates.directory.glob(".ca-bundle*"))


def test_files_that_cannot_serve_are_one_clear_sentence(tmp_path: Path, certificates: Certificates) -> None:
    with pytest.raises(CertificateError, match="cannot be used"):
        server_context(Certificates(tmp_path / "nowhere"))
    certificates.key.write_bytes(stranger(tmp_path, "server-key.pem"))
    with pytest.raises(CertificateError, match="cannot be used"):
        server_context(certificates)


def test_a_server_that_meets_another_process_at_work_waits_for_it(
    certificates: Certificates, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sms_sandbox import files, tls

    locked = files.locked

    def other_process_ends(directory: Path) -> object:
        certificates.key.write_bytes(made["server-key.pem"])
        return locked(directory)

    certificates.key.write_bytes(stranger(certificates.directory, "server-key.pem"))
    monkeypatch.setattr(tls, "locked", other_process_ends)
    assert server_context(certificates).minimum_version is ssl.TLSVersion.TLSv1_2
