"""Access by key, token or session, where other machines can call."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

import pytest

from sms_sandbox.control.routes import OPERATIONS
from sms_sandbox.domain.attempt_limit import MAX_FAILURES
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import HANDSET, Account, Answer, basic, fetch, run_sandbox

TOKEN = "token-of-the-operator"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server that asks for credentials."""
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), control_token=TOKEN, throttle=0, delivery_delay=0
    )
    with run_sandbox(settings) as account:
        yield account


def call(
    server: Account, verb: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Answer:
    raw = body if body is None else json.dumps(body)
    return fetch(f"{server.ready.http}/_sandbox/v1{path}", verb, raw, headers)


def make_tenant(server: Account, **body: object) -> Account:
    """Make a tenant as the operator does."""
    made = call(server, "POST", "/tenants", {"throttle": 0, **body}, {"X-Sandbox-Token": TOKEN})
    assert made.status == 201, made.body
    return Account(server.ready, made.json["key"], made.json["secret"])


def sign_in(server: Account, path: str = "/_sandbox/sign-in", **fields: str) -> Answer:
    return fetch(server.ready.http + path, "POST", urlencode(fields), FORM)


def cookie_of(answer: Answer) -> dict[str, str]:
    """Return the header that sends back the cookie of a sign-in."""
    assert answer.status == 303, answer.body
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def by_key(tenant: Account) -> dict[str, str]:
    return basic(tenant.key, tenant.secret)


def by_session(tenant: Account) -> dict[str, str]:
    return cookie_of(sign_in(tenant, key=tenant.key, secret=tenant.secret))


@pytest.mark.parametrize("credentials", [by_key, by_session])
def test_a_tenant_reaches_no_other(server: Account, credentials: Callable[[Account], dict[str, str]]) -> None:
    """Every operation of control is tried, with what belongs to the other tenant."""
    ours = make_tenant(server)
    theirs = make_tenant(server, key=f"their-key-{credentials.__name__}", secret="their-secret")
    name = theirs.ok("GET", "/tenants/current")["name"]
    theirs.send("their-words", replies_to_email="me@example.com")
    theirs.ok("POST", "/clock/advance", {"seconds": 1})  # so that no report changes them later
    theirs.ok("POST", "/clock/freeze")
    theirs.ok("POST", "/inbound", {"from": HANDSET, "text": "their-words"})
    theirs.ok("POST", "/faults", {"error": "FAILED", "method": "get-balance"})
    theirs.api("add-list", name="their-list")
    before = theirs.control("GET", "/export", with_secrets="true").json
    values = {"tenant": name, "message": 340000001}
    mine = credentials(ours)
    for operation in OPERATIONS:
        if operation.streams:
            continue
        path = re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], 1)), operation.path)
        for headers in (mine, {**mine, "X-Sandbox-Tenant": name}):
            answer = call(server, operation.verb, path, {} if operation.body else None, headers)
            for words in ("their-words", "their-list", "their-secret", theirs.key):
                assert words not in answer.body.decode(), (operation.name, answer.body)
            if operation.needs_operator or "tenant" in operation.in_path or headers is not mine:
                assert (answer.status, answer.code) == (403, "forbidden"), (operation.name, answer.body)
    assert theirs.control("GET", "/export", with_secrets="true").json == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_no_operation_is_for_strangers(server: Account, operation: object) -> None:
    path = re.sub(r"\{\w+\}", "1", operation.path)  # type: ignore[attr-defined]
    for headers in ({}, {"X-Sandbox-Tenant": "default"}, {"Cookie": "sms-sandbox-session=x"}):
        answer = call(server, operation.verb, path, None, headers)  # type: ignore[attr-defined]
        assert (answer.status, answer.code) == (401, "unauthorised")


def test_the_operator_reaches_every_tenant(server: Account) -> None:
    tenant = make_tenant(server)
    name = tenant.ok("GET", "/tenants/current")["name"]
    tenant.send("for the operator")
    for headers in ({"X-Sandbox-Token": TOKEN}, cookie_of(sign_in(server, token=TOKEN))):
        assert call(server, "GET", f"/tenants/{name}", headers=headers).json["key"] == tenant.key
        assert call(server, "GET", "/tenants/current", headers=headers).json["name"] == "default"
        seen = call(server, "GET", "/messages", headers={**headers, "X-Sandbox-Tenant": name})
        assert [each["text"] for each in seen.json["messages"]] == ["for the operator"]
        assert call(server, "GET", "/messages", headers={**headers, "X-Sandbox-Tenant": "none"}).status == 404
    assert call(server, "DELETE", f"/tenants/{name}", headers=headers).status == 200


def test_only_the_operator_sees_the_traffic_of_all_tenants(server: Account) -> None:
    assert make_tenant(server).control("GET", "/events/all").status == 403
    assert call(server, "HEAD", "/events/all", headers={"X-Sandbox-Token": TOKEN}).status == 200


def test_a_key_controls_its_own_tenant_by_its_name_too(server: Account) -> None:
    tenant = make_tenant(server)
    name = tenant.ok("GET", "/tenants/current")["name"]
    assert tenant.ok("GET", f"/tenants/{name}")["key"] == tenant.key
    assert tenant.ok("PATCH", f"/tenants/{name}", {"delivery_seconds": 2})["delivery_seconds"] == 2
    assert tenant.ok("POST", f"/tenants/{name}/reset")["name"] == name
    assert tenant.refused("DELETE", f"/tenants/{name}") == (403, "forbidden")


def test_wrong_credentials_are_refused_and_then_limited(server: Account) -> None:
    tenant, other = make_tenant(server), make_tenant(server)
    wrong = basic(tenant.key, "wrong")
    for _ in range(MAX_FAILURES):
        assert (call(server, "GET", "/clock", headers=wrong).code) == "unauthorised"
    answer = call(server, "GET", "/clock", headers=wrong)
    assert (answer.status, answer.code) == (429, "too_many")
    assert "again in" in answer.json["error"]["message"]
    assert call(server, "GET", "/clock", headers=by_key(tenant)).status == 429, "the right one can't be found by trying"
    form = sign_in(server, key=tenant.key, secret=tenant.secret)
    assert form.status == 429
    assert b"Too many wrong credentials" in form.body
    assert call(server, "GET", "/clock", headers=by_key(other)).status == 200


def test_a_session_says_who_is_signed_in(server: Account) -> None:
    tenant = make_tenant(server)
    name = tenant.ok("GET", "/tenants/current")["name"]
    seen = call(server, "GET", "/session", headers=by_session(tenant)).json
    expected = {"asks_for_credentials": True, "operator": False, "signed_in": True, "tenant": name, "key": tenant.key}
    assert seen == expected
    assert call(server, "GET", "/session", headers={"X-Sandbox-Token": TOKEN}).json["operator"] is True


def test_a_session_ends_at_sign_out_and_with_its_tenant(server: Account) -> None:
    tenant = make_tenant(server)
    kept, ended = by_session(tenant), by_session(tenant)
    assert call(server, "GET", "/clock", headers=ended).status == 200
    answer = fetch(f"{server.ready.http}/_sandbox/sign-out", "POST", headers=ended)
    assert (answer.status, answer.headers["location"]) == (303, "/_sandbox/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert call(server, "GET", "/clock", headers=ended).code == "unauthorised"
    assert call(server, "POST", "/tenants/current/reset", {}, kept).status == 200
    assert call(server, "GET", "/clock", headers=kept).status == 200
    name = tenant.ok("GET", "/tenants/current")["name"]
    call(server, "DELETE", f"/tenants/{name}", headers={"X-Sandbox-Token": TOKEN})
    make_tenant(server, key=tenant.key, secret="another")
    assert call(server, "GET", "/clock", headers=kept).code == "unauthorised"


def test_the_cookie_is_for_the_page_alone(server: Account) -> None:
    plain = sign_in(server, key=server.key, secret=server.secret).headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/_sandbox", "Max-Age="):
        assert part in plain
    assert "Secure" not in plain
    url = f"{server.ready.https}/_sandbox/sign-in"
    answer = fetch(url, "POST", urlencode({"token": TOKEN}), FORM, server.ready.ca)
    assert answer.headers["set-cookie"].startswith("__Secure-")
    assert "; Secure" in answer.headers["set-cookie"]
    seen = fetch(f"{server.ready.https}/_sandbox/v1/session", headers=cookie_of(answer), ca=server.ready.ca)
    assert seen.json["operator"] is True


def test_the_form_says_what_is_wrong_and_keeps_the_key(server: Account) -> None:
    answer = sign_in(server, key='"><script>', secret="no")
    assert answer.status == 401
    assert b"There is no account with this key and secret." in answer.body
    assert b'value="&quot;&gt;&lt;script&gt;"' in answer.body
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert b"not the token of the operator" in sign_in(server, token="no").body
    assert sign_in(server, key="k" * 5000, secret="s").status == 401


@pytest.mark.parametrize(("wanted", "expected"), [
    ("/_sandbox/docs/?a=b", "/_sandbox/docs/?a=b"), ("//evil.example/", "/_sandbox/"),
    ("https://evil.example/_sandbox/", "/_sandbox/"), ("/_sandbox/\\evil", "/_sandbox/"), ("", "/_sandbox/"),
    ("/_sandbox/a b", "/_sandbox/"), ("/_sandbox/\r\nX:y", "/_sandbox/"),
])  # fmt: skip
def test_a_sign_in_leads_back_to_addresses_of_the_page_only(server: Account, wanted: str, expected: str) -> None:
    answer = sign_in(server, f"/_sandbox/sign-in?{urlencode({'next': wanted})}", token=TOKEN)
    assert answer.headers["location"] == expected


def test_a_browser_without_a_session_is_led_to_the_form(server: Account) -> None:
    page = fetch(f"{server.ready.http}/_sandbox/?tab=x")
    assert (page.status, page.headers["location"]) == (303, "/_sandbox/sign-in?next=%2F_sandbox%2F%3Ftab%3Dx")
    form = fetch(server.ready.http + page.headers["location"])
    assert b'action="/_sandbox/sign-in?next=%2F_sandbox%2F%3Ftab%3Dx"' in form.body
    session = by_session(server)
    assert fetch(f"{server.ready.http}/_sandbox/", headers=session).status == 200
    done = fetch(server.ready.http + page.headers["location"], headers=session)
    assert (done.status, done.headers["location"]) == (303, "/_sandbox/?tab=x")


def test_a_link_from_another_site_finds_the_session(server: Account) -> None:
    """A browser sends no cookie on such a link, so the page loads itself again."""
    page = fetch(f"{server.ready.http}/_sandbox/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
    assert b'http-equiv="refresh"' in page.body
    assert b"again=1" in page.body
