from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.domain.egress import refusal_reason

OPEN = [
    "127.0.0.1",
    "127.255.255.254",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.65.254",
    "fd12:3456:789a::1",
    "fc00::1",
    "fd12::1%eth0",
    "::ffff:127.0.0.1",
    "64:ff9b::10.1.2.3",
    "64:ff9b:1::10.1.2.3",
]
LISTED = [
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "192.169.0.1",
    "203.0.113.5",
    "198.18.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "2606:4700::1111",
    "2001:db8::1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "::8.8.8.8",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "2002:808:808::1",
    "fd00::5efe:8.8.8.8",
    "fd00::200:5efe:8.8.8.8",
    "2606:4700::5efe:10.0.0.1",  # the prefix is public, whatever the rest says
]
NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fe80::5efe:10.0.0.1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "239.255.255.250",
    "ff02::1",
    "0.0.0.0",  # noqa: S104
    "0.1.2.3",
    "::",
    "255.255.255.255",
    "240.0.0.1",
    "fec0::1",
    "100::1",
    "4000::1",
    "::ffff:169.254.169.254",
    "::ffff:0:169.254.169.254",
    "::169.254.169.254",
    "::ffff:0.0.0.0",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::169.254.169.254",
    "64:ff9b:1:fffe::169.254.169.254",
    "64:ff9b:1:a9fe:a9:fe00::",  # under a prefix of 48 bits
    "64:ff9b:1:a9:fe:a9fe::",  # of 56
    "64:ff9b:1:1:a9:fea9:fe00:0",  # of 64
    "64:ff9b:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:a9fe:a9fe::f5ff:fffe",
    "2001:0:a00:1::5601:5601",
    "fd00::5efe:169.254.169.254",
    "2002:a00:1::5efe:169.254.169.254",  # a good address on the outside, a bad one further in
]
NOT_ADDRESSES = [
    "",
    "localhost",
    "127.0.0.1%eth0",
    "127.1",
    "010.0.0.1",
    "2130706433",
    "[::1]",
    " 127.0.0.1",
    "::1/128",
]


@pytest.mark.parametrize("address", OPEN)
def test_loopback_and_private_addresses_pass_whatever_the_host(address: str) -> None:
    assert refusal_reason(address, "app.internal") is None


@pytest.mark.parametrize("address", LISTED)
def test_public_and_shared_addresses_take_a_listed_host(address: str) -> None:
    assert refusal_reason(address, "example.com", ["example.com"]) is None
    sentence = refusal_reason(address, "example.com", ["example.org"])
    assert sentence is not None
    assert address in sentence
    assert "example.com is not one of" in sentence


@pytest.mark.parametrize("address", [*NEVER, *NOT_ADDRESSES])
def test_some_addresses_are_refused_even_to_listed_hosts(address: str) -> None:
    sentence = refusal_reason(address, "example.com", ["example.com", address])
    assert sentence is not None
    assert address in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")


def test_a_refusal_names_the_embedded_address() -> None:
    assert refusal_reason("64:ff9b::a9fe:a9fe", "h") == (
        "64:ff9b::a9fe:a9fe reaches 169.254.169.254, a link-local address, which callbacks are never sent to."
    )
    assert refusal_reason("8.8.8.8", "h") == (
        "8.8.8.8 is a public address, and h is not one of the hosts allowed outside private networks. "
        "To allow it, start the server with --callback-host h."
    )


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com", "example.COM"),
        ("example.com.", "example.com"),
        ("example.com", "example.com."),
        ("a.example.com", "*.example.com"),
        ("a.b.Example.com.", "*.example.com"),
        ("a.example.com", ".example.com"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1111]", "2606:4700::1111"),
        ("xn--bcher-kva.de", "bücher.de"),
        ("BÜCHER.de", "xn--bcher-kva.de"),
        ("a.xn--bcher-kva.de", "*.bücher.de"),
    ],
)
def test_a_listed_host_matches(host: str, entry: str) -> None:
    assert refusal_reason("8.8.8.8", host, ["other.test", entry]) is None


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("a.example.com", "example.com"),
        ("example.com", "*.example.com"),
        ("example.com", ".example.com"),
        ("badexample.com", "*.example.com"),
        ("example.com.evil.test", "example.com"),
        ("example.com", "*"),
        ("example.com", "*example.com"),
        ("", "*."),
        ("example.com", "."),
        ("example.com", ""),
        ("", ""),
        (".", "."),
        (".example.com", ".example.com"),
        ("xn--bcher-kva.de", "bucher.de"),
        ("xn--\U0001f4a9.de", "bücher.de"),
    ],
)
def test_other_hosts_do_not_match(host: str, entry: str) -> None:
    assert refusal_reason("8.8.8.8", host, [entry]) is not None


def forms(inner: IPv4Address) -> list[IPv6Address]:
    """Return an IPv4 address in every form that contains one."""
    bits = int(inner)
    within = {
        "::ffff:0:0": bits,
        "::ffff:0:0:0": bits,
        "::": bits,
        "64:ff9b::": bits,
        "64:ff9b:1::": bits,
        "64:ff9b:1:fffe::": bits,
        "2002::1:0:0:1": bits << 80,
        "2001::8000:0:0": bits << 64 | bits ^ 0xFFFF_FFFF,
        "fd00::5efe:0:0": bits,
        "fd00::200:5efe:0:0": bits,
    }
    return [IPv6Address(int(IPv6Address(prefix)) | value) for prefix, value in within.items()]


def addresses(network: str, length: int) -> st.SearchStrategy[IPv4Address]:
    first = int(IPv4Address(network))
    return st.integers(first, first + 2 ** (32 - length) - 1).map(IPv4Address)


private = st.one_of(
    addresses("10.0.0.0", 8), addresses("172.16.0.0", 12), addresses("192.168.0.0", 16), addresses("127.0.0.0", 8)
)
never = st.one_of(addresses("169.254.0.0", 16), addresses("224.0.0.0", 3))


@given(private)
def test_every_form_of_a_private_address_is_allowed(inner: IPv4Address) -> None:
    assert refusal_reason(str(inner), "h") is None
    assert [refusal_reason(str(form), "h") for form in forms(inner)] == [None] * 10


@given(never)
def test_every_form_of_a_forbidden_address_is_refused(inner: IPv4Address) -> None:
    assert all(refusal_reason(str(form), "h", ["h"]) for form in forms(inner))


@given(st.ip_addresses(v=4).map(IPv4Address.__str__).map(IPv4Address))
def test_no_form_of_an_address_is_allowed_more_than_the_address(inner: IPv4Address) -> None:
    for hosts in ((), ("h",)):
        if refusal_reason(str(inner), "h", hosts) is not None:
            assert all(refusal_reason(str(form), "h", hosts) for form in forms(inner) if form != IPv6Address("::1"))


@given(st.text())
def test_any_text_gets_a_verdict(address: str) -> None:
    refusal_reason(address, "h")
