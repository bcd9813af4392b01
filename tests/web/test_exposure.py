"""Servers that other machines reach, and callbacks that lead back to the sandbox."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from sms_sandbox.app import Addresses, create_app
from sms_sandbox.cli.exposure import describe_exposure, invite
from sms_sandbox.control.shapes.server_info import ServerInfo
from sms_sandbox.domain.addresses import is_own_address
from sms_sandbox.server import outward_names
from sms_sandbox.server.certificates import Certificates, ensure
from sms_sandbox.server.outward_names import find_address, list_addresses, list_names
from sms_sandbox.server.server import build_info
from sms_sandbox.settings import Settings, SettingsError, with_private_secret
from sms_sandbox.store import accounts
from sms_sandbox.store.ids import FIRST
from sms_sandbox.tenants.seed_file import SeedError
from sms_sandbox.tenants.startup import TenantSetup
from tests.app_client import AppClient
from tests.cli.shell import run
from tests.databases import empty_store
from tests.sandbox import Account, basic, fetch, run_sandbox

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 (what is under test)


@pytest.fixture(scope="module")
def public(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server that listens on every address."""
    certs = str(certificates.directory)
    settings = Settings(host=ANY_ADDRESS, https_port=0, http_port=0, certs=certs, delivery_delay=0)
    with run_sandbox(settings) as account:
        yield account


@pytest.mark.parametrize("where", ["http", "https"])
@pytest.mark.parametrize("path", ["/send-sms.json", "/_sandbox/v1/export", "/livez", "/nothing"])
def test_a_callback_of_a_sandbox_is_refused(server: Account, where: str, path: str) -> None:
    refused = fetch(getattr(server.ready, where) + path, headers={"User-Agent": "sms-sandbox"}, ca=server.ready.ca)
    assert refused.status == 508


def test_a_message_does_not_cause_the_next(certificates: Certificates) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), delivery_delay=0, throttle=0)
    with run_sandbox(settings) as account:
        url = f"{account.ready.https}/send-sms.json?to=61491570156&message=again"
        for host in ("localhost", "127.0.0.1"):
            account.send(dlr_callback=url.replace("localhost", host))
        account.ok("POST", "/clock/advance", {"hours": 48})
        errors = callback_errors(account)
        assert errors
        assert all(error.endswith("is this sandbox itself, which never calls itself.") for error in errors)


def callback_errors(account: Account) -> list[str]:
    callbacks = account.ok("GET", "/callbacks")["callbacks"]
    return [attempt["error"] for callback in callbacks for attempt in callback["attempts"]]


def test_the_published_secret_is_replaced(public: Account) -> None:
    assert public.key == "sandbox-key"
    assert len(public.secret) >= 24
    public.api_ok("get-balance")
    stranger = Account(public.ready, public.key, "sandbox-secret")
    assert stranger.api("get-balance")["error"]["code"] == "AUTH_FAILED"


@pytest.mark.parametrize("accounts", [("a-key:sandbox-secret",), ("a:b", "sandbox-key:sandbox-secret")])
def test_no_other_account_may_have_the_published_secret(accounts: tuple[str, ...]) -> None:
    local = Settings(account=accounts)
    assert with_private_secret(local) is local
    with pytest.raises(SettingsError, match="is published"):
        with_private_secret(Settings(host=ANY_ADDRESS, account=accounts))


@pytest.mark.parametrize("text", [
    "[[accounts]]\nkey='a'\nsecret='sandbox-secret'",
    "[[clients]]\nname='a'\nemail='a@example.com'\nmsisdn='61491570156'\nsecret='sandbox-secret'",
])  # fmt: skip
def test_no_account_of_a_seed_file_may_have_the_published_secret(tmp_path: Path, text: str) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(text)
    TenantSetup(Settings(seed_file=str(file)))
    with pytest.raises(SeedError, match=r"\[0\]\.secret: sandbox-secret is published"):
        TenantSetup(Settings(host=ANY_ADDRESS, seed_file=str(file)))


def test_an_account_of_an_earlier_start_loses_the_published_secret(sqlite: Engine) -> None:
    with empty_store(sqlite) as store:
        with store.begin() as db:
            TenantSetup(Settings()).create_missing(db)
        with store.begin() as db:
            TenantSetup(Settings(host=ANY_ADDRESS, account=("mine:of-our-own",))).create_missing(db)
            secret = accounts.find_secret(db, 1, FIRST["account"])
    assert secret
    assert secret != "sandbox-secret"


def test_an_account_with_the_published_secret_cannot_be_created(certificates: Certificates) -> None:
    settings = Settings(
        host=ANY_ADDRESS, https_port=0, http_port=0, certs=str(certificates.directory), accounts="open", throttle=0
    )
    with run_sandbox(settings) as account:
        newcomer = Account(account.ready, "newcomer", "sandbox-secret")
        assert newcomer.api("get-balance")["error"]["code"] == "AUTH_FAILED"
        token = {"x-sandbox-token": account.ready.control_token or ""}
        url = f"{account.ready.http}/_sandbox/v1"
        refused = fetch(f"{url}/tenants", "POST", '{"secret": "sandbox-secret"}', token)
        assert (refused.status, refused.code) == (422, "invalid")
        whole = fetch(f"{url}/export?with_secrets=true", headers=token).json
        body = json.dumps({"document": whole, "name": "copy", "key": "copy", "secret": "sandbox-secret"})
        assert fetch(f"{url}/import", "POST", body, token).code == "invalid"


def test_a_configured_secret_stays() -> None:
    settings = Settings(host=ANY_ADDRESS, account=("sandbox-key:of-our-own",))
    assert with_private_secret(settings) is settings


def test_env_does_not_print_a_secret_that_the_server_does_not_use() -> None:
    result = run("env", "--create", "--host", ANY_ADDRESS)
    assert result.exit_code == 2
    assert "--ready-file" in result.output


def test_the_page_of_an_exposed_server_shows_no_secret(public: Account) -> None:
    url = f"{public.ready.http}/_sandbox/v1/connection"
    assert fetch(url).status == 401
    facts = fetch(url, headers={"x-sandbox-token": public.ready.control_token or ""})
    assert facts.json["secret"] is None
    assert public.secret not in facts.body.decode()


def test_a_callback_does_not_reach_the_loopback_of_the_server(public: Account) -> None:
    public.send(dlr_callback="http://127.0.0.1:9/")
    token = {"x-sandbox-token": public.ready.control_token or ""}
    fetch(f"{public.ready.http}/_sandbox/v1/clock/advance", "POST", '{"seconds": 5}', token)
    page = fetch(f"{public.ready.http}/_sandbox/v1/callbacks", headers=token).json
    (attempt, *_) = page["callbacks"][0]["attempts"]
    assert attempt["error"].startswith("refused: 127.0.0.1 is a loopback address, and other machines can call")


def test_a_server_says_who_may_call_it(certificates: Certificates) -> None:
    assert list(describe_exposure(Settings(), certificates.directory)) == []
    closed, opened = (
        " ".join(describe_exposure(Settings(host=ANY_ADDRESS, accounts=accounts), certificates.directory))
        for accounts in ("closed", "open")
    )
    assert "The certificate covers localhost, 127.0.0.1, " in closed
    assert "--cert-host NAME adds another" in closed
    for part in (ANY_ADDRESS, "key and secret", "control token", "need no credentials", "--callback-host localhost"):
        assert part in closed
    assert "answers anyone" in opened


@pytest.mark.parametrize(("settings", "page", "api"), [
    (Settings(host=ANY_ADDRESS, cert_host=("*.box.test", "box.test")), "http://box.test:8080", "https://box.test:8443"),
    (Settings(host="192.0.2.7"), "http://192.0.2.7:8080", "https://192.0.2.7:8443"),
    (Settings(host="2001:db8::7"), "http://[2001:db8::7]:8080", "https://[2001:db8::7]:8443"),
    (Settings(host=ANY_ADDRESS, base_url="https://sms.box.test"), "https://sms.box.test", "https://sms.box.test"),
])  # fmt: skip
def test_a_line_tells_colleagues_how_to_begin(settings: Settings, page: str, api: str) -> None:
    info = ServerInfo("https://localhost:8443", "http://localhost:8080", "", "", "k", "s", control_token="the-token")
    line = invite(settings, info)
    for part in (
        f"{page}/_sandbox/ as the operator with the token the-token, and create a tenant of your own",
        f"API {api};",
        f"curl -o ca.pem {page}/_sandbox/ca.pem",
    ):
        assert part in line
    assert "localhost" not in line
    assert "\n" not in line


def test_the_certificate_covers_the_names_that_colleagues_use(tmp_path: Path, certificates: Certificates) -> None:
    fresh = Certificates(tmp_path)
    assert list_names(Settings(), fresh) == []
    assert list_names(Settings(host="192.0.2.7", base_url="https://sms.box.test"), fresh) == [
        "sms.box.test",
        "192.0.2.7",
    ]
    assert list_names(Settings(host="fe80::1%eth0"), fresh) == []
    own = list_addresses(ANY_ADDRESS)
    assert own[:1] == ([address] if (address := find_address()) else [])
    assert list_names(Settings(host=ANY_ADDRESS), fresh) == own
    assert list_names(Settings(host=ANY_ADDRESS), certificates) == [], "another CA would break the trust of all clients"


def test_all_addresses_of_the_machine_are_covered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = tmp_path / "if_inet6"
    listed.write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fe800000000000000000000000000007 02 40 20 80     eth0\n"
        "20010db8000000000000000000000007 02 40 00 80     eth0\n"
    )
    monkeypatch.setattr(outward_names, "_LINUX_IPV6", listed)
    monkeypatch.setattr(outward_names, "find_address", lambda: "192.0.2.7")
    monkeypatch.setattr(outward_names, "_list_ipv4", lambda: ["10.77.0.1", "192.0.2.7"])
    assert list_addresses(ANY_ADDRESS) == ["192.0.2.7", "10.77.0.1"]
    assert list_addresses("::") == ["192.0.2.7", "10.77.0.1", "2001:db8::7"]


def test_a_start_says_if_the_certificate_lacks_the_name_for_colleagues(tmp_path: Path) -> None:
    covers = ensure(tmp_path, ["192.0.2.7"]).directory
    for settings, flag in (
        (Settings(host="192.0.2.7"), ""),
        (Settings(host=ANY_ADDRESS, cert_host=("*.box.test", "box.test")), ""),
        (Settings(host=ANY_ADDRESS, base_url="https://sms.box.test"), ""),
        (Settings(host="192.0.2.9"), "--cert-host 192.0.2.9."),
        (Settings(host="fe80::1%eth0"), "--cert-host NAME."),
    ):
        gaps = [each for each in describe_exposure(settings, covers) if "does not cover" in each]
        assert len(gaps) == (1 if flag else 0), settings
        assert all(each.endswith(flag) for each in gaps)


def test_addresses_come_from_the_request(public: Account) -> None:
    token, name = {"x-sandbox-token": public.ready.control_token or ""}, "192.0.2.9"
    http_port, https_port = (url.rpartition(":")[2] for url in (public.ready.http, public.ready.https))
    seen = fetch(f"{public.ready.http}/_sandbox/v1/info", headers={**token, "Host": f"{name}:{http_port}"}).json
    assert (seen["https"], seen["http"]) == (f"https://{name}:{https_port}", f"http://{name}:{http_port}")
    refused = fetch(f"{public.ready.http}/get-balance.json", headers={"Host": f"{name}:{http_port}"}).json
    assert f"https://{name}:{https_port}/get-balance.json" in refused["error"]["description"]


@pytest.mark.parametrize(("address", "expected"), [
    ("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("", True), ("10.0.0.7", False),
    ("fe80::1%eth0", False), ("testclient", False),
])  # fmt: skip
def test_a_colleague_does_not_see_files_of_the_server(address: str, expected: bool) -> None:
    assert is_own_address(address) is expected


def test_headers_of_a_proxy_count_only_if_it_is_trusted(certificates: Certificates) -> None:
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example, sms.localhost",
        "X-Forwarded-For": "1.2.3.4",
    }
    for trusted, expected in ((("127.0.0.0/8",), "https://sms.localhost"), (("192.0.2.1",), "http://127.0.0.1:")):
        settings = Settings(
            https_port=0, http_port=0, certs=str(certificates.directory), trusted_proxy=trusted, throttle=0
        )
        with run_sandbox(settings) as account:
            url = account.ready.http.replace("localhost", "127.0.0.1")
            assert fetch(f"{url}/_sandbox/v1/info", headers=forwarded).json["http"].startswith(expected)
            origin = {**forwarded, "Origin": "https://sms.localhost"}
            freeze = fetch(f"{url}/_sandbox/v1/clock/freeze", "POST", headers=origin)
            assert freeze.status == (200 if "https" in expected else 403)
            api = fetch(f"{url}/get-balance.json", headers={**forwarded, **basic(account.key, account.secret)}).json
            assert api["error"]["code"] == ("SUCCESS" if "https" in expected else "NO_ACCESS")


def test_the_base_url_is_named_everywhere(sqlite: Engine) -> None:
    settings = Settings(base_url="https://sms.box.test")
    addresses = Addresses("https://localhost:8443", "http://localhost:8080", Path("ca.pem"), Path("bundle.pem"))
    info = build_info(settings, addresses, None, 0)
    assert (info.https, info.http) == ("https://sms.box.test", "https://sms.box.test")
    with empty_store(sqlite) as store:
        client = AppClient(create_app(settings, store, addresses))
        described = client.get("/_sandbox/openapi.json", headers={"Host": "sms.box.test"})
        assert described.json()["servers"] == [{"url": "https://sms.box.test"}]
        refused = client.get("http://localhost/get-balance.json").json()["error"]
        assert refused["description"].endswith("https://sms.box.test/get-balance.json")
        assert client.get("/_sandbox/openapi.json", headers={"Host": "other.test"}).status_code == 403
