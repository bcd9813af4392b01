"""Which addresses a callback may go to.

The app under test lives on loopback, a private network or a container's; a public address in a callback URL is most
likely a production one left in a fixture, so it takes a host the user has listed. Link-local addresses, where cloud
machines find their credentials, and everything that is no single machine's address are never connected to.
"""

from collections.abc import Collection, Iterator
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_Address = IPv4Address | IPv6Address


class _Rule(Enum):
    OPEN = "whatever the host is called"
    LISTED = "for listed hosts only"
    NEVER = "not even for listed hosts"


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
    ("127.0.0.0/8", "a loopback address", _Rule.OPEN),
    ("10.0.0.0/8", "a private address", _Rule.OPEN),
    ("172.16.0.0/12", "a private address", _Rule.OPEN),
    ("192.168.0.0/16", "a private address", _Rule.OPEN),
    ("100.64.0.0/10", "a carrier-grade NAT address", _Rule.LISTED),
    ("0.0.0.0/0", "a public address", _Rule.LISTED),
)
_IPV6 = _table(
    ("::1/128", "a loopback address", _Rule.OPEN),
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


def refusal_reason(address: str, host: str, allowed_hosts: Collection[str] = ()) -> str | None:
    """Why no callback may go to an address, or None if one may.

    Args:
        address: what the URL's host resolved to, as text; an IPv6 scope (``%eth0``) is ignored. A form that reaches
            IPv4 through IPv6 is judged by the IPv4 addresses in it, all of which must pass.
        host: the host as the URL names it.
        allowed_hosts: hosts whose public (and carrier-grade NAT) addresses are allowed: names or IP addresses, without
            regard to case or a final dot; ``*.example.com`` or ``.example.com`` stands for every name below
            example.com, but not for example.com.

    Returns:
        None, or one sentence for the journal. Loopback and private addresses (RFC 1918, RFC 4193) pass; link-local,
        metadata, multicast, unspecified, broadcast and reserved ones, and what is no IP address at all, never do.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return f"{address!r} is not an IP address, so no callback goes there."
    listed = _is_listed(host, allowed_hosts)
    unlisted: str | None = None
    for judged in _reached(parsed):
        kind, rule = _kind(judged)
        what = f"{address} is {kind}" if judged == parsed else f"{address} reaches {judged}, {kind}"
        if rule is _Rule.NEVER:
            return f"{what}, where callbacks never go."
        if rule is _Rule.LISTED and not listed:
            unlisted = unlisted or f"{what}, and {host} is not among the hosts allowed beyond private networks."
    return unlisted


def _kind(address: _Address) -> tuple[str, _Rule]:
    table = _IPV4 if address.version == 4 else _IPV6
    return next((kind, rule) for network, kind, rule in table if address in network)


def _reached(address: _Address) -> list[_Address]:
    """The addresses a packet to this one may end at: itself, or the IPv4 addresses inside it."""
    if isinstance(address, IPv4Address) or address in _PLAIN_IPV6:
        return [address]
    bits = int(address)
    inside: list[_Address] = []
    if any(address in network for network in (_MAPPED, _TRANSLATED, _COMPATIBLE, _NAT64)):
        inside = [_ipv4(bits)]
    elif address in _NAT64_LOCAL:
        # Nobody but its operator knows which layout a local prefix uses, so every layout that makes sense counts.
        inside = list(_rfc6052(bits)) or [_ipv4(bits)]
    elif address in _SIX_TO_FOUR:
        inside = [_ipv4(bits >> 80)]
    elif address in _TEREDO:
        inside = [_ipv4(bits >> 64), _ipv4(~bits)]
    else:
        inside = [address]
    # ISATAP is told by the lower half alone (its two flag bits aside) and may follow any prefix, which matters too.
    if (bits >> 32) & 0xFCFF_FFFF == 0x0000_5EFE:
        inside.append(_ipv4(bits))
    return inside


def _rfc6052(bits: int) -> Iterator[IPv4Address]:
    """The IPv4 addresses an address may hold under a prefix of 48, 56, 64 or 96 bits (RFC 6052, 2.2)."""
    if bits >> 56 & 0xFF:  # the reserved octet is zero in every layout
        return
    rest = bits >> 64 << 56 | bits & (1 << 56) - 1  # the address without the reserved octet: 120 bits
    for prefix in (48, 56, 64, 88):  # 96 bits with the reserved octet
        suffix = 120 - prefix - 32
        found = _ipv4(rest >> suffix)
        if not rest & (1 << suffix) - 1 and int(found) >> 24:
            yield found


def _ipv4(bits: int) -> IPv4Address:
    return IPv4Address(bits & 0xFFFF_FFFF)


def _is_listed(host: str, allowed_hosts: Collection[str]) -> bool:
    name = _plain(host)
    return any(_matches(name, _plain(entry)) for entry in allowed_hosts)


def _matches(name: str, entry: str) -> bool:
    if entry.startswith((".", "*.")):
        parent = entry.removeprefix("*")
        return name.endswith(parent) and name != parent
    return name == entry != ""


def _plain(host: str) -> str:
    return host.lower().removesuffix(".").removeprefix("[").removesuffix("]")
