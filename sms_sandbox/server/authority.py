"""The sandbox's own certificate authority, which can vouch for the sandbox's names only.

Its name constraints keep a leaked key from being used for other names. This needs `cryptography`, whose import takes
longer than all else that a start does with certificates.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_Pair = tuple[bytes, bytes]
"""A certificate and its private key, in PEM."""

_Builder = x509.CertificateBuilder
_ALWAYS_PERMITTED = ("127.0.0.0/8", "::1/128")


def create_authority(names: Sequence[str], begins: int, expires: int) -> _Pair:
    """Return a new authority for these names, all names below them, and loopback."""
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # A name of its own, so that no client takes it for one that it trusted before.
    subject = _subject(x509.NameAttribute(NameOID.COMMON_NAME, f"sms-sandbox local CA {serial & 0xFFFF_FFFF:08x}"))
    builder = (
        _builder(subject, subject, key.public_key(), serial, begins, expires)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(_constraints(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _to_pem(builder.sign(key, SHA256()), key)


def issue(authority: _Pair, names: Sequence[str], begins: int, expires: int) -> _Pair:
    """Return a new server certificate for these names. It is good for nothing but servers."""
    ca, ca_key = _read(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Server certificate"))
    builder = (
        _builder(subject, ca.subject, key.public_key(), x509.random_serial_number(), begins, expires)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    return _to_pem(builder.sign(ca_key, SHA256()), key)


def missing_constraints(authority: _Pair, names: Sequence[str]) -> list[str]:
    """Return the names that an authority may not vouch for.

    All names count as missing if it has no constraints. Raises ValueError or TypeError if it is not an authority.
    """
    ca, _ = _read(authority)
    try:
        permitted = ca.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return list(names)
    return [name for name in names if not any(_is_permitted(name, subtree) for subtree in permitted)]


def _is_permitted(name: str, subtree: x509.GeneralName) -> bool:
    try:
        address = ip_address(name)
    except ValueError:
        host = name.removeprefix("*.")
        return isinstance(subtree, x509.DNSName) and f".{host}".endswith(f".{subtree.value}")
    return isinstance(subtree, x509.IPAddress) and address in subtree.value  # type: ignore[operator]


def _constraints(names: Iterable[str]) -> list[x509.GeneralName]:
    """Return subtrees that hold the names. That of a host name also holds all names below it."""
    subtrees: list[x509.GeneralName] = [x509.IPAddress(ip_network(network)) for network in _ALWAYS_PERMITTED]
    for name in names:
        try:
            network: IPv4Network | IPv6Network = ip_network(ip_address(name))
        except ValueError:
            subtrees.append(x509.DNSName(name.removeprefix("*.")))
        else:
            if not network.is_loopback:
                subtrees.append(x509.IPAddress(network))
    return list(dict.fromkeys(subtrees))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subject(distinguishing: "x509.NameAttribute[str]") -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sms-sandbox"), distinguishing])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, serial: int, begins: int, expires: int
) -> _Builder:
    return (
        _Builder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(begins, UTC))
        .not_valid_after(datetime.fromtimestamp(expires, UTC))
    )


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _read(pair: _Pair) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = load_pem_private_key(pair[1], None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("its key is not on an elliptic curve")
    return x509.load_pem_x509_certificate(pair[0]), key


def _to_pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> _Pair:
    # The older of the two forms, as some clients' tools read no other.
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), key_pem
