"""The addresses that callbacks may be sent to.

The app under test runs on loopback, or in a private or container network. A public address in a callback URL is most
likely a production one left in a fixture, so the user must list its host. Link-local addresses, where cloud machines
find their credentials, and addresses that do not belong to a single machine are always refused.
"""

from collections.abc import Collection, Iterator
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address


class _Rule(Enum):
    OPEN = "for any host"
    LOOPBACK = "for any host, but where other machines reach the server for listed hosts only"
    LISTED = "for listed hosts only"
    NEVER = "for no host"


def _table(*rows: tuple[str, str, _Rule]) -> tuple[tuple[IPv4Network | IPv6Network, str, _Rule], ...]:
    return tuple((ip_network(network), kind, rule) for network, kind, rule in rows)


# The first network that holds the address decides. A few clouds keep their metadata service outside the link-local
# range: in shared, private or even public space.
_IPV4 = _table(
    ("100.100.100.200/32", "a cloud metadata address", _Rule.NEVER),
    ("168.63.129.16/32", "a cloud metadata address", _Rule.NEVER),
    ("169.254.0.0/16", "a link-local address", _Rule.NEVER),
    ("0.0.0.0/8", "an unspecified address", _Rule.NEVER),
    ("192.0.0.0/24", "a reserved address", _Rule.NEVER),
    ("224.0.0.0/4", "a multicast address", _Rule.NEVER),
    ("255.255.255.255/32", "the broadcast address", _Rule.NEVER),
    ("240.0.0.0/4", "a reserved address", _Rule.NEVER),
    ("127.0.0.0/8", "a loopback address", _Rule.LOOPBACK),
    ("10.0.0.0/8", "a private address", _Rule.OPEN),
    ("172.16.0.0/12", "a private address", _Rule.OPEN),
    ("192.168.0.0/16", "a private address", _Rule.OPEN),
    ("100.64.0.0/10", "a carrier-grade NAT address", _Rule.LISTED),
    ("0.0.0.0/0", "a public address", _Rule.LISTED),
)
_IPV6 = _table(
    ("::1/128", "a loopback address", _Rule.LOOPBACK),
    ("::/128", "an unspecified address", _Rule.NEVER),
    ("fd00:ec2::/32", "a cloud metadata address", _Rule.NEVER),
    ("fd20:ce::254/128", "a cloud metadata address", _Rule.NEVER),
    ("fe80::/10", "a link-local address", _Rule.NEVER),
    ("ff00::/8", "a multicast address", _Rule.NEVER),
    ("fc00::/7", "a private address", _Rule.OPEN),
    ("2000::/3", "a public address", _Rule.LISTED),
    ("::/0", "a reserved address", _Rule.NEVER),
)

_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_PLAIN_IPV6 = (IPv6Address("::"), IPv6Address("::1"))


def refusal_reason(
    address: str, host: str, allowed_hosts: Collection[str] = (), *, is_exposed: bool = False
) -> str | None:
    """Return why callbacks to an address are refused, or None if they are allowed.

    Args:
        address: the address that the URL's host resolved to, as text; an IPv6 scope (``%eth0``) is ignored. An address
            that reaches IPv4 through IPv6 is allowed only if all IPv4 addresses in it are.
        host: the host as written in the URL.
        allowed_hosts: hosts whose public (and carrier-grade NAT) addresses are allowed: names or IP addresses,
            case-insensitive, with or without a final dot; ``*.example.com`` or ``.example.com`` means every name below
            example.com, but not example.com itself.
        is_exposed: True if other machines reach the server. Callers from there must not reach what listens on the
            server's loopback, so that is allowed for hosts in allowed_hosts only.

    Returns:
        None, or one sentence for the callback attempt. Loopback and private addresses (RFC 1918, RFC 4193) are
        allowed. Link-local, metadata, multicast, unspecified, broadcast and reserved addresses are not, nor is a text
        that is not an IP address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"{address!r} is not an IP address, so no callback is sent there."
    listed = _is_listed(host, allowed_hosts)
    unlisted: str | None = None
    for judged in _destinations(parsed):
        kind, rule = _kind(judged)
        what = f"{address} is {kind}" if judged == parsed else f"{address} reaches {judged}, {kind}"
        if rule is _Rule.NEVER:
            return f"{what}, which callbacks are never sent to."
        if rule is _Rule.LOOPBACK and is_exposed and not listed:
            return f"{what}, and other machines can call this server. {how_to_allow(host)}"
        if rule is _Rule.LISTED and not listed:
            unlisted = unlisted or (
                f"{what}, and {host} is not one of the hosts allowed outside private networks. {how_to_allow(host)}"
            )
    return unlisted


def how_to_allow(host: str) -> str:
    """Return the sentence that says how callbacks to a host are allowed."""
    return f"To allow it, start the server with --callback-host {host.rstrip('.')}."


def _kind(address: _Address) -> tuple[str, _Rule]:
    table = _IPV4 if address.version == 4 else _IPV6
    return next((kind, rule) for network, kind, rule in table if address in network)


def _destinations(address: _Address) -> list[_Address]:
    """Return the addresses where a packet to this one may arrive: itself, or the IPv4 addresses inside it."""
    if isinstance(address, IPv4Address) or address in _PLAIN_IPV6:
        return [address]
    bits = int(address)
    inside: list[_Address] = []
    if any(address in network for network in (_MAPPED, _TRANSLATED, _COMPATIBLE, _NAT64)):
        inside = [_ipv4(bits)]
    elif address in _NAT64_LOCAL:
        # Only its operator knows which layout a local prefix uses, so every layout that makes sense counts.
        inside = list(_rfc6052(bits)) or [_ipv4(bits)]
    elif address in _SIX_TO_FOUR:
        inside = [_ipv4(bits >> 80)]
    elif address in _TEREDO:
        inside = [_ipv4(bits >> 64), _ipv4(~bits)]
    else:
        inside = [address]
    # ISATAP shows in the lower half alone (without its two flag bits) and may follow any prefix, which is checked too.
    if (bits >> 32) & 0xFCFF_FFFF == 0x0000_5EFE:
        inside.append(_ipv4(bits))
    return inside


def _rfc6052(bits: int) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses embedded after a prefix of any length (RFC 6052, 2.2)."""
    if bits >> 56 & 0xFF:  # the reserved octet is zero in every layout
        return
    rest = bits >> 64 << 56 | bits & (1 << 56) - 1  # the address without the reserved octet: 120 bits
    for prefix in (48, 56, 64, 88):  # 96 bits with the reserved octet
        suffix = 120 - prefix - 32
        address = _ipv4(rest >> suffix)
        if not rest & (1 << suffix) - 1 and int(address) >> 24:
            yield address


def _ipv4(bits: int) -> IPv4Address:
    return IPv4Address(bits & 0xFFFF_FFFF)


def _is_listed(host: str, allowed_hosts: Collection[str]) -> bool:
    name = _normalize(host)
    return any(_matches(name, _normalize(entry)) for entry in allowed_hosts)


def _matches(name: str, entry: str) -> bool:
    if entry.startswith((".", "*.")):
        parent = entry.removeprefix("*")
        return name.endswith(parent) and name != parent
    return name == entry != ""


def _normalize(host: str) -> str:
    name = host.lower().removesuffix(".").removeprefix("[").removesuffix("]")
    return ".".join(map(_decode_label, name.split("."))) if "xn--" in name else name


def _decode_label(label: str) -> str:
    """Return a part of a name as people write it: `bücher` for `xn--bcher-kva`."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.removeprefix("xn--").encode().decode("punycode")
    except UnicodeError:
        return label
