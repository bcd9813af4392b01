"""`--accounts open`: any key that nobody has becomes an account in a tenant of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import Account, fetch, run_sandbox

_NEW = count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, certificates: Certificates) -> Iterator[Account]:
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else "sqlite://"
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), database=url, throttle=0, accounts="open"
    )
    with run_sandbox(settings) as account:
        yield account


@pytest.fixture
def newcomer(server: Account) -> Account:
    """An account that nobody has made."""
    return Account(server.ready, f"new-{next(_NEW)}", "first secret")


def code(account: Account) -> str:
    return str(account.api("get-balance")["error"]["code"])


def test_a_new_key_has_a_tenant_of_its_own(server: Account, newcomer: Account) -> None:
    assert newcomer.api("get-balance")["balance"] == 1000
    sent = newcomer.send()
    assert newcomer.ok("GET", "/tenants/current")["name"] == f"account-{newcomer.key}"
    assert newcomer.ok("GET", f"/messages/{sent}")["id"] == sent
    assert server.refused("GET", f"/messages/{sent}") == (404, "not_found")


def test_the_secret_it_first_came_with_is_its_secret(newcomer: Account) -> None:
    assert code(newcomer) == "SUCCESS"
    stranger = replace(newcomer, secret="another secret")
    assert code(stranger) == "AUTH_FAILED"
    assert stranger.refused("GET", "/account") == (401, "unauthorised")
    assert code(newcomer) == "SUCCESS"


def test_control_lets_a_new_key_in_too(newcomer: Account) -> None:
    assert newcomer.ok("GET", "/account")["key"] == newcomer.key
    assert newcomer.ok("POST", "/clock/freeze")["running"] is False
    assert code(newcomer) == "SUCCESS"


def test_only_one_of_simultaneous_first_calls_creates_the_tenant(server: Account, newcomer: Account) -> None:
    before = server.ok("GET", "/tenants", max=1)["page"]["total"]
    with ThreadPoolExecutor(8) as pool:
        through_both = [newcomer.send] * 8 + [lambda: newcomer.ok("GET", "/account")["id"]] * 8
        list(pool.map(lambda call: call(), through_both))
    assert server.ok("GET", "/tenants", max=1)["page"]["total"] == before + 1
    assert newcomer.ok("GET", "/messages")["page"]["total"] == 8


@pytest.mark.parametrize(
    ("key", "secret"),
    [("", "s"), ("key", ""), ("k" * 256, "s"), ("key", "s" * 256), ("a\tb", "s"), ("key\x7f", "s"), ("key", "s\x01"),],
)  # fmt: skip
def test_invalid_credentials_create_no_account(server: Account, key: str, secret: str) -> None:
    before = server.ok("GET", "/tenants", max=1)["page"]["total"]
    stranger = Account(server.ready, key, secret)
    assert code(stranger) == "AUTH_FAILED"
    assert stranger.refused("GET", "/account") == (401, "unauthorised")
    assert server.ok("GET", "/tenants", max=1)["page"]["total"] == before


def test_a_magic_key_creates_the_tenant_of_its_plain_key(server: Account, newcomer: Account) -> None:
    magic = replace(newcomer, key=f"{newcomer.key}-expired")
    assert magic.ok("GET", "/account")["key"] == newcomer.key
    assert code(magic) == "ACCOUNT_EXPIRED"
    assert code(newcomer) == "SUCCESS"
    assert server.ok("GET", f"/tenants/account-{newcomer.key}")["key"] == newcomer.key
    assert server.refused("GET", f"/tenants/account-{magic.key}") == (404, "not_found")
    assert code(replace(magic, key=f"{magic.key}-expired")) == "AUTH_FAILED"


def test_a_call_without_credentials_is_still_refused(server: Account) -> None:
    reply = fetch(f"{server.ready.https}/get-balance.json", ca=server.ready.ca)
    assert reply.code == "AUTH_FAILED_NO_DATA"


@pytest.mark.parametrize("key", ["a b/c", "caf\u00e9", "x" * 255, "x" * 254, "a.b", "a-b", "a b-c"])
def test_names_of_tenants_differ(server: Account, key: str) -> None:
    newcomer = Account(server.ready, key, "s")
    assert code(newcomer) == "SUCCESS"
    name = newcomer.ok("GET", "/tenants/current")["name"]
    assert server.ok("GET", f"/tenants/{name}")["key"] == key


def test_a_deleted_tenant_is_created_again(newcomer: Account) -> None:
    newcomer.send()
    newcomer.ok("DELETE", f"/tenants/account-{newcomer.key}")
    again = replace(newcomer, secret="another secret")
    assert code(again) == "SUCCESS"
    assert again.ok("GET", "/messages")["page"]["total"] == 0
    assert code(newcomer) == "AUTH_FAILED"


def test_a_failed_control_call_creates_no_tenant(server: Account, newcomer: Account) -> None:
    before = server.ok("GET", "/tenants", max=1)["page"]["total"]
    assert newcomer.refused("GET", "/messages/1") == (404, "not_found")
    assert server.ok("GET", "/tenants", max=1)["page"]["total"] == before
