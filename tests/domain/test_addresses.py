"""The addresses that clients are told."""

import pytest

from sms_sandbox.domain.addresses import Urls, is_base_url, urls_for

OWN = Urls("https://localhost:8443", "http://localhost:8080")


@pytest.mark.parametrize(
    ("scheme", "host", "is_proxied", "https", "http"),
    [
        ("http", "box.test:8080", False, "https://box.test:8443", "http://box.test:8080"),
        ("http", "box.test:18080", False, "https://box.test:8443", "http://box.test:18080"),
        ("https", "[::1]:9443", False, "https://[::1]:9443", "http://[::1]:8080"),
        ("https", "sms.test", True, "https://sms.test", "https://sms.test"),
        ("http", "", False, OWN.https, OWN.http),
        ("http", "a b/<script>", False, OWN.https, OWN.http),
    ],
)
def test_addresses_are_those_of_the_request(scheme: str, host: str, is_proxied: bool, https: str, http: str) -> None:
    assert urls_for(OWN, None, scheme, host, is_proxied) == Urls(https, http)


def test_a_base_url_wins_over_the_request() -> None:
    base = "https://sms.example.com"
    assert urls_for(OWN, base, "http", "box.test:8080", False) == Urls(base, base)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://sms.example.com", True), ("http://[::1]:8080", True), ("https://sms.example.com/", False),
        ("https://sms.example.com/path", False), ("sms.example.com", False), ("ftp://sms.example.com", False),
        ("https://user@sms.example.com", False), ("", False),
    ],
)  # fmt: skip
def test_a_base_url_is_a_scheme_and_a_host(text: str, expected: bool) -> None:
    assert is_base_url(text) is expected
