"""A local certificate authority, the server's certificate, and the bundle that clients trust.

All files are in one directory, and the system's trust store is never changed. The CA is kept between starts, so that an
app which trusts it does so for long. ``server.json`` describes the other files; as long as they agree with it, a start
reads a few small files and writes nothing, so the directory may be read-only.
"""

import hashlib
import json
import logging
import ssl
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import certifi

from .atomic_files import lock_directory, replace_file
from .certificate_names import canonical_name

STANDARD_NAMES = ("localhost", "127.0.0.1", "::1", "host.docker.internal", "api.transmitsms.com")
"""Names that every server certificate covers: this machine, also seen from a container, and the imitated host."""

_DAY_SECONDS = 24 * 60 * 60
_RENEWAL_SECONDS = 30 * _DAY_SECONDS
"""Certificates with less time left than this are renewed."""
# Some platforms refuse server certificates that are valid for longer, counted from their first day. They begin a day
# early, for containers whose clock is behind.
_VALIDITY_SECONDS = 397 * _DAY_SECONDS
_BACKDATED_SECONDS = _DAY_SECONDS
_CA_VALIDITY_SECONDS = 3652 * _DAY_SECONDS
"""Ten years."""

_RECORD_VERSION = 2
"""Files of another version are checked in full. Version 1 had a CA without name constraints."""

_log = logging.getLogger(__name__)


class CertificateError(Exception):
    """Certificates cannot be written or used; the message is one sentence with the place and the reason."""


@dataclass(frozen=True)
class Certificates:
    """The paths of the files in one directory; they may not exist yet."""

    directory: Path

    @property
    def ca(self) -> Path:
        """The certificate of the CA, for clients that add it to their trusted roots."""
        return self.directory / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """The private key of the CA; only its owner may read it."""
        return self.directory / "ca-key.pem"

    @property
    def ca_bundle(self) -> Path:
        """The public roots and the CA, for clients whose setting replaces their trusted roots."""
        return self.directory / "ca-bundle.pem"

    @property
    def certificate(self) -> Path:
        """The server's certificate, followed by intermediate certificates if there are any."""
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        """The private key of the server; only its owner may read it."""
        return self.directory / "server-key.pem"

    @property
    def record(self) -> Path:
        """A description of the other files in JSON, so that starts parse no certificates."""
        return self.directory / "server.json"


@dataclass
class _Record:
    """The contents of ``server.json``; times are seconds since 1970."""

    version: int
    names: list[str]
    begins: int
    expires: int
    ca_expires: int
    ca_sha256: str
    certificate_sha256: str
    certifi: str


def ensure(directory: Path, extra_names: Sequence[str] = (), now: datetime | None = None) -> Certificates:
    """Create or renew the files of a directory if needed, and return their paths.

    The CA is kept as long as its two files are valid, it may vouch for all names, and it has 30 days left; otherwise it
    is replaced, with a warning in the log. The server certificate is replaced if its files are not valid, it has less
    than 30 days left, or a name is missing. The new one keeps the names of the old one, so that two sandboxes with the
    same directory do not remove each other's names. Several processes may call this at once.

    Args:
        directory: the place of the files; it is created if missing.
        extra_names: names that the certificate must cover besides ``STANDARD_NAMES``: host names, wildcards (as
            ``*.example.test``), and IP addresses.
        now: the time for judging expiry; the real time if not given.

    Raises:
        ValueError: a certificate cannot cover an extra name.
        CertificateError: a file cannot be read or written.
    """
    names = list(dict.fromkeys(canonical_name(name) for name in (*STANDARD_NAMES, *extra_names)))
    moment = int((now or datetime.now(UTC)).timestamp())
    certificates = Certificates(directory.absolute())
    if _are_all_valid(certificates, names, moment):
        return certificates
    try:
        certificates.directory.mkdir(parents=True, exist_ok=True)
        with lock_directory(certificates.directory):
            # Another process may have done it while this one waited for the lock.
            if not _are_all_valid(certificates, names, moment):
                _renew(certificates, names, moment)
    except OSError as error:
        why = error.strerror or error
        raise CertificateError(f"Certificates cannot be kept in {certificates.directory}: {why}.") from error
    return certificates


def list_covered_names(certificates: Certificates) -> list[str]:
    """Return the names that the server's certificate covers."""
    record = json.loads(certificates.record.read_text())
    return [str(name) for name in record["names"]]


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """Return the TLS context of a server with this certificate: TLS 1.2 or later, HTTP/1.1 by ALPN.

    Raises:
        CertificateError: the certificate or its key cannot be read, or they do not belong together.
    """
    try:
        try:
            return _load(certificates.certificate, certificates.key)
        except ssl.SSLError:
            # Another process may have replaced only one of the two files yet.
            with lock_directory(certificates.directory):
                return _load(certificates.certificate, certificates.key)
    except OSError as error:
        why = error.strerror or error
        raise CertificateError(f"The certificate in {certificates.directory} cannot be used: {why}.") from error


def _load(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Without a password, OpenSSL asks for the one of an encrypted key on the terminal.
    context.load_cert_chain(certificate, key, password="")
    return context


def _are_all_valid(certificates: Certificates, names: Sequence[str], now: int) -> bool:
    """Return True if no file needs to be created or renewed."""
    record = _read_record(certificates)
    return (
        record is not None
        and _is_server_valid(certificates, record, names, now)
        and _is_bundle_valid(certificates, record)
    )


def _is_server_valid(certificates: Certificates, record: _Record, names: Sequence[str], now: int) -> bool:
    """Return True if the server's certificate and its CA can be used for longer."""
    covers = set(names) <= set(record.names)
    lasts = record.begins <= now <= min(record.expires, record.ca_expires) - _RENEWAL_SECONDS
    try:
        _load(certificates.certificate, certificates.key)
        sums = (_sha256(certificates.ca), _sha256(certificates.certificate))
    except OSError:
        return False
    return covers and lasts and sums == (record.ca_sha256, record.certificate_sha256)


def _is_bundle_valid(certificates: Certificates, record: _Record) -> bool:
    try:
        holds_ca = certificates.ca.read_bytes() in certificates.ca_bundle.read_bytes()
    except OSError:
        return False
    return holds_ca and record.certifi == certifi.__version__


def _renew(certificates: Certificates, names: Sequence[str], now: int) -> None:
    """Write the files that are missing or not valid; the record comes last."""
    record = _read_record(certificates)
    if record is None or not _is_server_valid(certificates, record, names, now):
        record = _issue(certificates, names, record, now)
    public_roots = Path(certifi.where()).read_bytes()
    replace_file(certificates.ca_bundle, public_roots.rstrip() + b"\n\n" + certificates.ca.read_bytes(), mode=0o644)
    record.certifi = certifi.__version__
    replace_file(certificates.record, json.dumps(asdict(record)).encode(), mode=0o644)


def _issue(certificates: Certificates, names: Sequence[str], old: _Record | None, now: int) -> _Record:
    """Create a server certificate, and a CA if there is no valid one."""
    from . import authority  # late, because of what it imports

    covered = list(dict.fromkeys([*names, *(old.names if old else ())]))
    begins = now - _BACKDATED_SECONDS
    pair = _existing_authority(certificates, covered, now)
    if pair is None:
        pair = authority.create_authority(covered, begins, begins + _CA_VALIDITY_SECONDS)
        replace_file(certificates.ca_key, pair[1], mode=0o600)
        replace_file(certificates.ca, pair[0], mode=0o644)
    ca_expires = _authority_expiry(certificates)
    expires = min(begins + _VALIDITY_SECONDS, ca_expires)
    certificate, key = authority.issue(pair, covered, begins, expires)
    replace_file(certificates.key, key, mode=0o600)
    replace_file(certificates.certificate, certificate, mode=0o644)
    return _Record(
        version=_RECORD_VERSION,
        names=covered,
        begins=begins,
        expires=expires,
        ca_expires=ca_expires,
        ca_sha256=_sha256(certificates.ca),
        certificate_sha256=_sha256(certificates.certificate),
        certifi="",
    )


def _existing_authority(certificates: Certificates, names: Sequence[str], now: int) -> tuple[bytes, bytes] | None:
    """Return the CA on disk, or None if it cannot vouch for the names; log the loss of one."""
    from .authority import missing_constraints

    if not certificates.ca.exists() and not certificates.ca_key.exists():
        return None
    try:
        if _authority_expiry(certificates) - now >= _RENEWAL_SECONDS:
            pair = certificates.ca.read_bytes(), certificates.ca_key.read_bytes()
            missing = missing_constraints(pair, names)
            if not missing:
                return pair
            reason = f"it may not vouch for {', '.join(missing)}"
        else:
            reason = "it is about to expire"
    except (OSError, ValueError, TypeError) as error:
        reason = f"its files are not valid: {error}"
    _log.warning(
        "A new local CA replaces the one in %s, because %s. Restart other sandboxes that use this folder, and programs "
        "that trust the old CA.",
        certificates.directory, reason,
    )  # fmt: skip
    return None


def _authority_expiry(certificates: Certificates) -> int:
    """Return when the CA on disk expires.

    Raises OSError or ValueError if its certificate and key are no pair, or not of a CA.
    """
    context = _load(certificates.ca, certificates.ca_key)
    context.load_verify_locations(cadata=certificates.ca.read_text(encoding="ascii"))
    (authority,) = context.get_ca_certs()
    return ssl.cert_time_to_seconds(str(authority["notAfter"]))


def _read_record(certificates: Certificates) -> _Record | None:
    try:
        # By hand, because importing msgspec takes longer than everything else here.
        fields = json.loads(certificates.record.read_bytes())
        if fields["version"] != _RECORD_VERSION:
            return None
        return _Record(
            version=_RECORD_VERSION,
            names=[str(name) for name in fields["names"]],
            begins=int(fields["begins"]),
            expires=int(fields["expires"]),
            ca_expires=int(fields["ca_expires"]),
            ca_sha256=str(fields["ca_sha256"]),
            certificate_sha256=str(fields["certificate_sha256"]),
            certifi=str(fields["certifi"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
