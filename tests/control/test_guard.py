"""Refusals of the guard: pages of other sites, unknown host names, and who needs a token."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Scope

from sms_sandbox.control import guard
from sms_sandbox.settings import Settings, is_loopback
from tests.sandbox import Account, Answer, fetch, run_sandbox


def status(verb: str = "GET", scheme: str = "http", path: str = "v1/clock", **headers: str) -> int:
    """Return the status of a request with these headers. The sandbox also has the name `box.test`."""
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope: Scope = {"type": "http", "method": verb, "path": f"/_sandbox/{path}", "headers": raw, "scheme": scheme}
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    app = guard.Guard(Response(), hosts=["Box.test", "0.0.0.0"])  # noqa: S104 (a name, nothing listens)

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    return statuses[0]


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "192.168.1.5:8080",
        "[fe80::1]:80", "host.docker.internal:8080", "app.localhost:1", "box.test", "BOX.TEST:8080",
    ],
)  # fmt: skip
def test_host_names_of_this_machine_are_accepted(host: str) -> None:
    assert status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost",
        "localhost@evil.example", "127.0.0.1:80@evil.example", "[::1", "[::1]evil", "0x7f.1", "2130706433",
        "box.test.evil.example", "\xe9", "evil.example#localhost", "evil.example/localhost",
    ],
)  # fmt: skip
def test_other_host_names_are_refused(host: str) -> None:
    assert status(host=host) == 403


def test_a_request_without_a_host_name_is_accepted() -> None:
    assert status() == 200


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_headers_never_make_the_guard_fail(host: str, origin: str) -> None:
    assert status("POST", host=host, origin=origin) in (200, 403)


@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_page_of_another_origin_may_not_write(verb: str) -> None:
    assert status(verb, host="localhost:8080", origin="https://evil.example") == 403
    assert status(verb, host="localhost:8080", origin="http://localhost:3000") == 403
    assert status(verb, host="localhost:8080", origin="http://localhost.evil.example:8080") == 403
    assert status(verb, host="localhost:8080", origin="null") == 403
    assert status(verb, host="localhost:8080", origin="") == 403
    assert status(verb, host="localhost:8080", origin="http://LOCALHOST:8080") == 200
    assert status(verb, scheme="https", host="[::1]:8443", origin="https://[::1]:8443") == 200


def test_the_scheme_is_part_of_an_origin() -> None:
    assert status("POST", scheme="https", host="localhost:8443", origin="http://localhost:8443") == 403
    assert status("POST", host="localhost:8080", origin="https://localhost:8080") == 403


@pytest.mark.parametrize("path", ["v1/clock", "v1/traffic/stream", "v1/openapi.json", "v1/nothing"])
@pytest.mark.parametrize(("site", "expected"), [
    ("cross-site", 403), ("same-site", 403), ("", 403), ("Same-Origin", 403), ("same-origin", 200), ("none", 200),
])  # fmt: skip
def test_a_browser_reads_control_for_its_own_pages_only(path: str, site: str, expected: int) -> None:
    assert status(path=path, host="localhost:8080", sec_fetch_site=site) == expected


@pytest.mark.parametrize("path", ["", "openapi.json", "ca.pem", "nothing"])
def test_pages_may_be_linked_to_but_only_by_an_accepted_name(path: str) -> None:
    assert status(path=path, host="localhost:8080", sec_fetch_site="cross-site") == 200
    assert status(path=path, host="evil.example") == 403


def test_a_page_of_another_origin_cannot_read_answers() -> None:
    """There are no CORS headers that would allow it."""
    assert status("GET", host="localhost:8080", origin="https://evil.example") == 200


@pytest.mark.parametrize("path", ["sign-in", "sign-out", "", "docs/"])
def test_a_page_of_another_site_can_neither_sign_in_nor_out(path: str) -> None:
    ours = {"host": "localhost:8080", "origin": "http://localhost:8080", "sec_fetch_site": "same-origin"}
    assert status("POST", path=path, **ours) == 200
    assert status("POST", path=path, **{**ours, "origin": "https://evil.example"}) == 403
    assert status("POST", path=path, **{**ours, "sec_fetch_site": "cross-site"}) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "box.test"])  # noqa: S104 (a name, nothing listens)
def test_other_addresses_need_a_token(host: str) -> None:
    assert not is_loopback(host)


# On a server that listens on every address


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    # Another name makes another CA, so the certificates of all tests are not used.
    certs = str(tmp_path_factory.mktemp("public"))
    settings = Settings(
        host="0.0.0.0",  # noqa: S104 (what is under test)
        https_port=0, http_port=0, certs=certs, cert_host=("box.test",),
    )  # fmt: skip
    with run_sandbox(settings) as account:
        yield account


def ask(public: Account, path: str, verb: str = "GET", **headers: str) -> Answer:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return fetch(public.ready.http + path, verb, headers=headers)


def test_off_loopback_a_token_is_generated_and_required(public: Account) -> None:
    token = public.ready.control_token
    assert token
    assert len(token) >= 24
    answer = ask(public, "/_sandbox/v1/clock")
    assert (answer.status, answer.code) == (401, "unauthorised")
    assert ask(public, "/_sandbox/v1/clock", x_sandbox_token=token).status == 200
    assert ask(public, "/_sandbox/v1/openapi.json").status == 200


def test_off_loopback_the_page_keeps_the_secret(public: Account) -> None:
    page = ask(public, "/_sandbox/")
    assert (page.status, page.headers["location"]) == (303, "/_sandbox/sign-in?next=%2F_sandbox%2F")
    assert public.secret.encode() not in ask(public, page.headers["location"]).body


def test_a_strange_name_is_refused_on_every_path_of_control(public: Account) -> None:
    token = public.ready.control_token or ""
    for path in ("/_sandbox/v1/clock", "/_sandbox/v1/openapi.json", "/_sandbox/v1/nothing"):
        answer = ask(public, path, host="evil.example", x_sandbox_token=token)
        assert (answer.status, answer.code) == (403, "forbidden")
    for path in ("/_sandbox/", "/_sandbox/openapi.json", "/_sandbox/ca.pem"):
        assert ask(public, path, host="evil.example").status == 403
    assert ask(public, "/_sandbox/v1/clock", host="box.test", x_sandbox_token=token).status == 200


def test_health_is_answered_under_any_host_name(public: Account) -> None:
    assert ask(public, "/livez", host="evil.example").status == 200
    assert ask(public, "/readyz", host="evil.example").status == 200


def test_a_page_of_another_origin_writes_nothing(public: Account) -> None:
    token = public.ready.control_token or ""
    refused = ask(public, "/_sandbox/v1/clock/freeze", "POST", origin="http://evil.example", x_sandbox_token=token)
    assert (refused.status, refused.code) == (403, "forbidden")
    assert "access-control-allow-origin" not in refused.headers
    assert ask(public, "/_sandbox/v1/clock", x_sandbox_token=token).json["running"] is True
