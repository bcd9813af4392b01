"""A CA of our own that lasts, the server's certificate from it, and the bundle that clients trust.

All of it lives in one directory and nowhere else: the system's trust store is never touched. The CA is kept between
starts, so that an app which trusts it goes on doing so. ``server.json`` says what the other files hold; while it does
and they agree, a start reads a few small files and writes nothing, which also lets the directory be read-only.
"""

import hashlib
import json
import logging
import re
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import certifi

from .atomic_files import locked, write

if TYPE_CHECKING:
    import trustme

STANDARD_NAMES = ("localhost", "127.0.0.1", "::1", "host.docker.internal", "api.transmitsms.com")
"""What every server certificate covers: this machine, this machine seen from a container, and the imitated host."""

_DAY = 24 * 60 * 60
_MARGIN = 30 * _DAY
# Some platforms refuse server certificates that last longer, and count from the day they begin. Beginning a day early
# forgives a container whose clock runs behind.
_LIFE = 397 * _DAY
_HEAD_START = _DAY

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

_log = logging.getLogger(__name__)


class CertificateError(Exception):
    """Certificates cannot be written or used; the message is one sentence that says where and why."""


@dataclass(frozen=True)
class Certificates:
    """The files of one directory, whether or not they exist yet."""

    directory: Path

    @property
    def ca(self) -> Path:
        """Our CA's certificate alone, for clients that add it to the roots they trust."""
        return self.directory / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The CA's private key, for its owner's eyes only."""
        return self.directory / "ca-key.pem"

    @property
    def ca_bundle(self) -> Path:
        """The public roots and our CA, for clients whose setting replaces the roots they trust."""
        return self.directory / "ca-bundle.pem"

    @property
    def certificate(self) -> Path:
        """The server's certificate, followed by those between it and the CA, if any."""
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        """The server's private key, for its owner's eyes only."""
        return self.directory / "server-key.pem"

    @property
    def record(self) -> Path:
        """What the other files hold, as JSON, so that a start need not parse certificates."""
        return self.directory / "server.json"


@dataclass
class _Record:
    """The contents of ``server.json``; times are seconds since 1970."""

    names: list[str]
    begins: int
    expires: int
    ca_expires: int
    ca_sha256: str
    certificate_sha256: str
    certifi: str


def ensure(directory: Path, extra_names: Sequence[str] = (), now: datetime | None = None) -> Certificates:
    """Sees to it that a directory holds a good CA, server certificate and bundle, and tells where they are.

    The CA stays as long as its two files are sound and it has 30 days left; otherwise a new one takes its place, with a
    warning in the log. The server certificate is made anew when its files are not sound, when it has less than 30 days
    left, or when it lacks a name; the new one also covers the names of the old, so that two sandboxes sharing a
    directory do not take each other's away. Several processes may call this at once.

    Args:
        directory: where the files are; it is made if missing.
        extra_names: what the certificate must cover besides ``STANDARD_NAMES``: host names, wildcards such as
            ``*.example.test``, and IP addresses.
        now: the time to judge expiry by; the real one if not given.

    Raises:
        ValueError: an extra name is none that a certificate can cover.
        CertificateError: a file cannot be read or written.
    """
    names = list(dict.fromkeys(_canonical(name) for name in (*STANDARD_NAMES, *extra_names)))
    moment = int((now or datetime.now(UTC)).timestamp())
    certificates = Certificates(directory.absolute())
    if _all_sound(certificates, names, moment):
        return certificates
    try:
        certificates.directory.mkdir(parents=True, exist_ok=True)
        with locked(certificates.directory):
            # Another process may have seen to it while this one waited.
            if not _all_sound(certificates, names, moment):
                _make(certificates, names, moment)
    except OSError as error:
        why = error.strerror or error
        raise CertificateError(f"Certificates cannot be kept in {certificates.directory}: {why}.") from error
    return certificates


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """A context for a server that presents the certificate: TLS 1.2 or later, HTTP/1.1 by ALPN.

    Raises:
        CertificateError: the certificate or its key cannot be read, or they do not belong together.
    """
    try:
        try:
            return _load(certificates.certificate, certificates.key)
        except ssl.SSLError:
            # Another process may stand between replacing the one file and the other.
            with locked(certificates.directory):
                return _load(certificates.certificate, certificates.key)
    except OSError as error:
        why = error.strerror or error
        raise CertificateError(f"The certificate in {certificates.directory} cannot be used: {why}.") from error


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # With no password OpenSSL would ask for that of an encrypted key on the terminal.
    context.load_cert_chain(certificate, key, password="")
    return context


def _canonical(name: str) -> str:
    """One spelling for each name, so that names can be compared as text."""
    if "%" not in name:  # a scope means nothing in a certificate
        try:
            return str(ip_address(name))
        except ValueError:
            pass
    try:
        plain = name.removesuffix(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    labels = plain.removeprefix("*.").split(".")
    # A name that ends in a number is a mistyped IP address.
    if len(plain) > 253 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{name!r} is no host name, wildcard or IP address that a certificate can cover.")
    return plain


def _all_sound(certificates: Certificates, names: Sequence[str], now: int) -> bool:
    """Whether there is nothing to do."""
    record = _read_record(certificates)
    return (
        record is not None and _server_sound(certificates, record, names, now) and _bundle_sound(certificates, record)
    )


def _server_sound(certificates: Certificates, record: _Record, names: Sequence[str], now: int) -> bool:
    """Whether the server's certificate and the CA it came from can serve on."""
    covers = set(names) <= set(record.names)
    lasts = record.begins <= now <= min(record.expires, record.ca_expires) - _MARGIN
    try:
        _load(certificates.certificate, certificates.key)
        sums = (_sha256(certificates.ca), _sha256(certificates.certificate))
    except OSError:
        return False
    return covers and lasts and sums == (record.ca_sha256, record.certificate_sha256)


def _bundle_sound(certificates: Certificates, record: _Record) -> bool:
    try:
        holds_ca = certificates.ca.read_bytes() in certificates.ca_bundle.read_bytes()
    except OSError:
        return False
    return holds_ca and record.certifi == certifi.__version__


def _make(certificates: Certificates, names: Sequence[str], now: int) -> None:
    """Makes what is missing or no longer sound, the record last."""
    record = _read_record(certificates)
    if record is None or not _server_sound(certificates, record, names, now):
        record = _issue(certificates, names, record, now)
    public_roots = Path(certifi.where()).read_bytes()
    write(certificates.ca_bundle, public_roots.rstrip() + b"\n\n" + certificates.ca.read_bytes(), mode=0o644)
    record.certifi = certifi.__version__
    write(certificates.record, json.dumps(asdict(record)).encode(), mode=0o644)


def _issue(certificates: Certificates, names: Sequence[str], old: _Record | None, now: int) -> _Record:
    """Makes a server certificate, and a CA for it if there is no sound one."""
    # Imported here as it takes longer than everything else a start does with certificates.
    import trustme

    authority = _kept_authority(certificates, now)
    if authority is None:
        authority = trustme.CA(path_length=0, organization_name="sms-sandbox")
        write(certificates.ca_key, authority.private_key_pem.bytes(), mode=0o600)
        write(certificates.ca, authority.cert_pem.bytes(), mode=0o644)
    ca_expires = _authority_expires(certificates)
    begins = now - _HEAD_START
    expires = min(begins + _LIFE, ca_expires)
    covered = list(dict.fromkeys([*names, *(old.names if old else ())]))
    try:
        leaf = authority.issue_cert(
            *covered,
            organization_name="sms-sandbox",
            not_before=datetime.fromtimestamp(begins, UTC),
            not_after=datetime.fromtimestamp(expires, UTC),
        )
    except UnicodeError as error:
        raise ValueError(f"A certificate cannot cover one of {', '.join(covered)}: {error}.") from error
    write(certificates.key, leaf.private_key_pem.bytes(), mode=0o600)
    write(certificates.certificate, b"".join(blob.bytes() for blob in leaf.cert_chain_pems), mode=0o644)
    return _Record(
        names=covered,
        begins=begins,
        expires=expires,
        ca_expires=ca_expires,
        ca_sha256=_sha256(certificates.ca),
        certificate_sha256=_sha256(certificates.certificate),
        certifi="",
    )


def _kept_authority(certificates: Certificates, now: int) -> "trustme.CA | None":
    """The CA on disk, or None if there is none that can issue certificates; a lost one is mourned in the log."""
    import trustme

    if not certificates.ca.exists() and not certificates.ca_key.exists():
        return None
    try:
        if _authority_expires(certificates) - now >= _MARGIN:
            return trustme.CA.from_pem(certificates.ca.read_bytes(), certificates.ca_key.read_bytes())
        reason = "it is about to expire"
    except (OSError, ValueError, TypeError) as error:
        reason = f"its files are not sound: {error}"
    _log.warning("A new local CA replaces the one in %s (%s).", certificates.directory, reason)
    return None


def _authority_expires(certificates: Certificates) -> int:
    """When the CA on disk expires; an OSError or ValueError if its certificate and key are no pair or no CA's."""
    context = _load(certificates.ca, certificates.ca_key)
    context.load_verify_locations(cadata=certificates.ca.read_text(encoding="ascii"))
    (authority,) = context.get_ca_certs()
    return ssl.cert_time_to_seconds(str(authority["notAfter"]))


def _read_record(certificates: Certificates) -> _Record | None:
    try:
        # By hand: what reads the control API's JSON takes longer to load than everything else here takes to do.
        found = json.loads(certificates.record.read_bytes())
        return _Record(
            names=[str(each) for each in found["names"]],
            begins=int(found["begins"]),
            expires=int(found["expires"]),
            ca_expires=int(found["ca_expires"]),
            ca_sha256=str(found["ca_sha256"]),
            certificate_sha256=str(found["certificate_sha256"]),
            certifi=str(found["certifi"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
