"""Servers that other machines reach, and callbacks that lead back to the sandbox."""

from collections.abc import Iterator

import pytest

from sms_sandbox.cli.serve import describe_exposure
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings, SettingsError, with_private_secret
from tests.cli.shell import run
from tests.sandbox import Account, fetch, run_sandbox

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


def test_a_secret_that_was_given_stays() -> None:
    settings = Settings(host=ANY_ADDRESS, account=("sandbox-key:of-our-own",))
    assert with_private_secret(settings) is settings


def test_env_does_not_print_a_secret_that_the_server_has_not() -> None:
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


def test_a_server_says_who_may_call_it() -> None:
    assert list(describe_exposure(Settings())) == []
    closed, opened = (
        " ".join(describe_exposure(Settings(host=ANY_ADDRESS, accounts=accounts))) for accounts in ("closed", "open")
    )
    for part in (ANY_ADDRESS, "key and secret", "control token", "need no credentials", "--callback-host localhost"):
        assert part in closed
    assert "answers anyone" in opened
