"""Headers for browsers, on everything that is not the imitated API."""

import pytest

from tests.sandbox import Account, fetch

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}


@pytest.mark.parametrize("where", ["http", "https"])
@pytest.mark.parametrize(("verb", "path", "status"), [
    ("GET", "/livez", 200), ("GET", "/readyz", 200), ("POST", "/readyz", 405), ("GET", "/_sandbox", 302),
    ("GET", "/_sandbox/", 200), ("GET", "/_sandbox/ca.pem", 200), ("GET", "/_sandbox/openapi.json", 200),
    ("GET", "/_sandbox/page/js/app.js", 200), ("GET", "/_sandbox/page/none.js", 404),
    ("GET", "/_sandbox/nothing", 404), ("GET", "/_sandbox/v1/openapi.json", 200), ("GET", "/_sandbox/v1/traffic", 200),
    ("GET", "/_sandbox/v1/nothing", 404), ("DELETE", "/_sandbox/v1/clock", 405), ("GET", "/TapTh.is/aB3dE5fG", 404),
    ("GET", "/UnsubRep.ly/aB3dE5fG", 404),
])  # fmt: skip
def test_pages_and_files_have_security_headers(server: Account, where: str, verb: str, path: str, status: int) -> None:
    answer = fetch(getattr(server.ready, where) + path, verb, ca=server.ready.ca)
    assert answer.status == status
    assert HEADERS.items() <= dict(answer.headers).items()
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"):
        assert part in policy
    assert "unsafe" not in policy


def test_refusals_of_the_guard_have_security_headers(server: Account) -> None:
    for path in ("/_sandbox/", "/_sandbox/v1/clock"):
        answer = fetch(server.ready.http + path, headers={"host": "evil.example"})
        assert answer.status == 403
        assert HEADERS.items() <= dict(answer.headers).items()


def test_the_page_may_load_only_from_its_own_origin(server: Account) -> None:
    policy = fetch(f"{server.ready.http}/_sandbox/").headers["content-security-policy"]
    for kind in ("script-src", "style-src", "img-src", "connect-src"):
        assert f"{kind} 'self'" in policy.split("; ")


def test_the_imitated_api_has_the_headers_of_the_real_service(server: Account) -> None:
    answer = fetch(f"{server.ready.https}/get-balance.json", ca=server.ready.ca)
    assert not HEADERS.keys() & {name.lower() for name in answer.headers}
