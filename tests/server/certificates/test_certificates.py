"""Certificates are made, accepted, and renewed in time."""

import json
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest

from sms_sandbox.server.certificates import STANDARD_NAMES, Certificates, ensure
from tests.server.certificates.handshake import handshake, read_files

DAY = timedelta(days=1)


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
    assert read_files(certificates) == made


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


def test_names_that_the_ca_may_vouch_for_renew_the_server_certificate_alone(
    certificates: Certificates, made: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    ensure(certificates.directory, ["app.localhost", "127.1.2.3", "eu.api.transmitsms.com"])
    for name in ("app.localhost", "127.1.2.3", "eu.api.transmitsms.com", *STANDARD_NAMES):
        handshake(certificates, name)
    after = read_files(certificates)
    assert {name for name in made if made[name] != after[name]} == {"server.pem", "server-key.pem", "server.json"}
    assert not caplog.records


def test_other_names_need_a_new_ca(
    certificates: Certificates, made: dict[str, bytes], caplog: pytest.LogCaptureFixture
) -> None:
    ensure(certificates.directory, ["sms", "*.Example.test.", "10.1.2.3", "FD00:0::1", "b\u00fccher.test"])
    for name in ("sms", "a.example.test", "10.1.2.3", "fd00::1", "xn--bcher-kva.test", *STANDARD_NAMES):
        handshake(certificates, name)
    assert "because it may not vouch for sms, *.example.test, 10.1.2.3, fd00::1" in caplog.text
    after = read_files(certificates)
    assert after["ca.pem"] != made["ca.pem"]
    assert after["ca.pem"] in after["ca-bundle.pem"]
    ensure(certificates.directory, ["sms", "*.example.test"])
    ensure(certificates.directory)
    assert read_files(certificates) == after


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
        "ab--cd.test",  # only encoded names may have hyphens here
    ],
)
def test_a_bad_name_is_refused_and_nothing_is_touched(
    certificates: Certificates, made: dict[str, bytes], name: str
) -> None:
    with pytest.raises(ValueError, match="certificate can"):
        ensure(certificates.directory, [name])
    assert read_files(certificates) == made


def test_the_server_certificate_is_renewed_in_its_last_month(
    certificates: Certificates, made: dict[str, bytes]
) -> None:
    expires = datetime.fromtimestamp(json.loads(certificates.record.read_bytes())["expires"], UTC)
    ensure(certificates.directory, now=expires - 30 * DAY)
    assert read_files(certificates) == made
    ensure(certificates.directory, now=expires - 29 * DAY)
    after = read_files(certificates)
    assert after["server.pem"] != made["server.pem"]
    assert after["ca.pem"] == made["ca.pem"]


def test_a_server_certificate_from_the_future_is_replaced(certificates: Certificates) -> None:
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
