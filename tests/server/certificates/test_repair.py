"""Files that are damaged, gone, or written by several processes at once."""

import json
import logging
import ssl
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import certifi
import pytest

from sms_sandbox.server.certificates import CertificateError, Certificates, ensure, server_context
from tests.processes import start_process
from tests.server.certificates.handshake import handshake

DAY = timedelta(days=1)


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


def test_a_server_certificate_is_not_accepted_as_ca(certificates: Certificates, made: dict[str, bytes]) -> None:
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
def test_any_other_file_is_replaced_and_the_ca_stays(
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


def test_a_start_with_good_files_loads_no_certificate_library_and_writes_nothing(certificates: Certificates) -> None:
    program = """
import sys
from pathlib import Path
from sms_sandbox.server import certificates as tls
tls.server_context(tls.ensure(Path(sys.argv[1])))
print(sorted({"trustme", "cryptography"} & sys.modules.keys()))
"""
    before = {path: path.stat().st_mtime_ns for path in certificates.directory.iterdir()}
    with start_process([sys.executable, "-c", program, str(certificates.directory)]) as process:
        assert process.communicate()[0] == "[]\n"
    assert {path: path.stat().st_mtime_ns for path in certificates.directory.iterdir()} == before


@pytest.mark.parametrize("names", [["one.test", "one.test"], ["one.test", "two.test"]])
def test_processes_that_start_at_once_end_with_one_consistent_set(tmp_path: Path, names: list[str]) -> None:
    program = """
import sys
from pathlib import Path
from sms_sandbox.server import certificates as tls
import cryptography
print("ready", flush=True)
sys.stdin.readline()
certificates = tls.ensure(Path(sys.argv[1]), [sys.argv[2]])
tls.server_context(certificates)
print(certificates.ca.read_text())
"""
    command = [sys.executable, "-c", program, str(tmp_path / "certs")]
    with ExitStack() as stack:
        processes = [stack.enter_context(start_process([*command, name], stdin=subprocess.PIPE)) for name in names]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        seen = [process.communicate(timeout=100)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    certificates = Certificates(tmp_path / "certs")
    # With a name more, the second one needs a CA that may vouch for it.
    assert len(set(seen)) == len(set(names))
    assert certificates.ca.read_text() + "\n" in seen
    for name in (*names, "localhost"):
        handshake(certificates, name)
        handshake(certificates, name, trusted=certificates.ca_bundle)


def test_a_directory_that_cannot_be_created_is_one_clear_sentence(tmp_path: Path) -> None:
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


def test_unusable_files_are_one_clear_sentence(tmp_path: Path, certificates: Certificates) -> None:
    with pytest.raises(CertificateError, match="cannot be used"):
        server_context(Certificates(tmp_path / "nowhere"))
    certificates.key.write_bytes(stranger(tmp_path, "server-key.pem"))
    with pytest.raises(CertificateError, match="cannot be used"):
        server_context(certificates)


def test_a_server_waits_while_another_process_writes_the_files(
    certificates: Certificates, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sms_sandbox.server import atomic_files
    from sms_sandbox.server import certificates as tls

    lock_directory = atomic_files.lock_directory

    def other_process_ends(directory: Path) -> object:
        certificates.key.write_bytes(made["server-key.pem"])
        return lock_directory(directory)

    certificates.key.write_bytes(stranger(certificates.directory, "server-key.pem"))
    monkeypatch.setattr(tls, "lock_directory", other_process_ends)
    assert server_context(certificates).minimum_version is ssl.TLSVersion.TLSv1_2
