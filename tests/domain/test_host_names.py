"""Names that lead to the public internet, and those that may be a developer's own."""

import pytest

from sms_sandbox.domain.host_names import is_public, may_be_public, refusal_of_name

PUBLIC = ["example.com", "hooks.example.com", "HOOKS.EXAMPLE.COM.", "a.b.co.uk", "x.io", "my-app.dev", "app.example",
          "bücher.de", "пример.рф", "xn--e1afmkfd.xn--p1ai"]  # fmt: skip
UNKNOWN = ["web.backend", "db.my_project", "x.1x", "0x7f.0.0.1", "api.staging-network", "a.museum"]
PRIVATE = ["localhost", "web", "host.docker.internal", "app.test", "a.b.local", "x.lan", "nowhere.invalid",
           "app.localhost", "lvh.me", "app.lvh.me", "10.0.0.1.nip.io", "router.home.arpa"]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_public_host_names_are_recognised(name: str) -> None:
    assert (is_public(name), may_be_public(name)) == (True, True)


@pytest.mark.parametrize("name", UNKNOWN)
def test_some_host_names_may_be_public(name: str) -> None:
    assert (is_public(name), may_be_public(name)) == (False, True)


@pytest.mark.parametrize("name", PRIVATE)
def test_host_names_of_private_networks_are_recognised(name: str) -> None:
    assert (is_public(name), may_be_public(name)) == (False, False)


def test_a_public_name_is_refused_unless_it_is_listed() -> None:
    reason = refusal_of_name("hooks.example.com", ["other.example.com"])
    assert reason == (
        "hooks.example.com is a public name, and not one of the hosts allowed outside private networks. "
        "To allow it, start the server with --callback-host hooks.example.com."
    )
    assert refusal_of_name("hooks.example.com", ["*.example.com"]) is None
