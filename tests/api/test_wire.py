"""Verbs, paths and encodings of calls, and the headers of responses."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.routing import Match

from sms_sandbox.api.routes import Api, ApiRoute, load_methods
from sms_sandbox.store.database import Store
from tests.api.fault_setup import add_fault
from tests.api.tenant_setup import BASIC, FORM, request, set_tenant
from tests.api.traffic_entries import KeptTraffic
from tests.app_client import AppClient
from tests.conftest import Caller, FreshTenant
from tests.databases import empty_store

HELLO = {"message": "Hello", "to": "61491570156"}
JSON = "application/json; charset=utf-8"
XML = "text/xml; charset=utf-8"


@pytest.fixture
def store(sqlite: Engine) -> Iterator[Store]:
    """A store in memory: the wire format does not depend on the database."""
    with empty_store(sqlite) as opened:
        yield opened


# Verbs


@pytest.mark.parametrize("params", [{}, {"message_id": "1", "list_id": "1", "id": "1", "msisdn": "61491570156"}])
def test_get_and_post_say_the_same_on_every_method(call: Caller, params: dict[str, str]) -> None:
    for name in load_methods():
        by_get = call.http.get(f"/{name}.json", params=params)
        by_post = call.http.post(f"/{name}.json", data=params)
        assert by_get.status_code == by_post.status_code, name
        if name != "lease-number":  # each call leases another number
            assert by_get.content == by_post.content, name


def test_a_message_can_be_sent_by_get(call: Caller) -> None:
    answer = call.http.get("/send-sms.json", params=HELLO)
    assert answer.status_code == 200
    assert answer.json()["recipients"] == 1


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", FORM])
def test_a_post_may_have_its_parameters_in_the_query_and_null_as_body(call: Caller, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = call.http.post("/send-sms.json", params=HELLO, content=b"null", headers=headers)
    assert answer.json()["error"]["code"] == "SUCCESS"


def test_put_is_a_post(call: Caller) -> None:
    assert call.http.put("/send-sms.json", data=HELLO).json()["error"]["code"] == "SUCCESS"


def test_put_without_a_length_is_refused_by_the_web_server(store: Store) -> None:
    start, body = request(Api(store, None), {"method": "PUT", "path": "/edit-client.json", "headers": [BASIC]})
    headers = dict(start["headers"])
    assert start["status"] == 411
    assert headers[b"content-type"] == b"text/html"
    assert headers[b"connection"] == b"close"
    assert b"x-mashape-billing" not in headers
    assert b"<h1>411 Length Required</h1>" in body["body"]


def test_put_in_chunks_has_a_length_of_its_own(store: Store, fresh: FreshTenant) -> None:
    headers = [BASIC, (b"transfer-encoding", b"chunked")]
    scope = {"method": "PUT", "path": "/get-balance.json", "headers": headers}
    chunks: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"a=1", "more_body": True},
        {"type": "http.request", "body": b"&b=2", "more_body": False},
    ]
    assert request(Api(store, None), scope, *chunks)[0]["status"] == 200


def test_head_is_a_get_without_a_body(call: Caller) -> None:
    answer = call.http.head("/get-balance.json")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, JSON, b"")


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
@pytest.mark.parametrize(("ending", "content_type"), [("json", JSON), ("xml", XML)])
def test_other_verbs_are_refused(call: Caller, verb: str, ending: str, content_type: str) -> None:
    answer = call.http.request(verb, f"/send-sms.{ending}", params=HELLO)
    assert (answer.status_code, answer.headers["content-type"]) == (404, content_type)
    assert b"NOT_IMPLEMENTED" in answer.content
    assert call.ok("get-balance")["balance"] == 1000


def test_options_is_a_page_not_found_without_cors(call: Caller) -> None:
    answer = call.http.options("/send-sms.json")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
    assert not any(name.startswith("access-control") for name in answer.headers)


# Paths


@pytest.mark.parametrize(
    "path", ["/get-balance.json", "//get-balance.json", "/2/get-balance.json", "//2/get-balance.json",
             "/2//get-balance.json", "///2///get-balance.json", "/get-balance.json/", "/2/get-balance.json//",
             "//2//get-balance.json///"],
)  # fmt: skip
def test_paths_of_real_clients_are_accepted(call: Caller, path: str) -> None:
    # By hand, since client libraries take a path that begins with two slashes for a host.
    scope = {"method": "GET", "path": path, "headers": [BASIC]}
    start, body = request(call.http.app, scope, {"type": "http.request"})
    assert start["status"] == 200
    assert json.loads(body["body"])["balance"] == 1000


@pytest.mark.parametrize(
    "path",
    [
        "/", "", "//", "/2", "/2/", "/send-sms", "/2/send-sms", "/send-sms.txt", "/send-sms.JSON", "/send-sms.json/x",
        "/send-sms/.json/", "/3/send-sms.json", "/2/2/send-sms.json", "/v1/send-sms.json", "/.json", "/2/.xml",
        "/.xml/", "/send-sms.json.txt", "/send-sms.json/2/", "/send-sms.txt/", "/send-sms/",
    ],
)  # fmt: skip
def test_other_paths_get_the_page_not_found(call: Caller, path: str) -> None:
    start, body = request(call.http.app, {"method": "POST", "path": path})
    assert request(call.http.app, {"method": "GET", "path": path}) == [start, body]
    headers = dict(start["headers"])
    assert start["status"] == 404
    assert headers[b"content-type"] == b"text/html"
    assert b"x-mashape-billing" not in headers
    assert b"expires" not in headers
    assert b"404 Page Not Found" in body["body"]


@pytest.mark.parametrize(
    ("path", "is_call"),
    [
        ("/get-balance.json/", True), ("//2/get-balance.xml//", True), ("/x.txt", False), ("/x.json/y", False),
        ("/_sandbox/openapi.json", False), ("/_sandbox/openapi.json/", False), ("/_sandbox/v1/x.xml//", False),
    ],
)  # fmt: skip
def test_paths_of_the_api_are_recognised(store: Store, path: str, is_call: bool) -> None:
    match, _ = ApiRoute(Api(store, None)).matches({"type": "http", "path": path})
    assert match is (Match.FULL if is_call else Match.NONE)


def test_a_final_slash_changes_only_the_recorded_url(call: Caller, fresh: FreshTenant) -> None:
    fresh.store.journal = kept = KeptTraffic()
    add_fault(fresh, method="get-lists", error="NO_ACCESS")
    assert call.http.post("/send-sms.json/", data=HELLO).json()["recipients"] == 1
    assert call.http.get("/get-lists.xml//").status_code == 400
    made = [entry.make(*entry.args) for entry in kept.entries]
    assert [(entry.method, entry.url, entry.code) for entry in made] == [
        ("send-sms", "/send-sms.json/", "SUCCESS"), ("get-lists", "/get-lists.xml//", "NO_ACCESS"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["send-smss", "Send-Sms", "send_sms", "SEND-SMS", "get-sms-delivery-stats", "2", "x%20y"]
)
def test_an_unknown_method_is_answered_in_the_requested_format(stranger: AppClient, name: str) -> None:
    as_json = stranger.get(f"/{name}.json")
    assert (as_json.status_code, as_json.headers["content-type"]) == (404, JSON)
    assert as_json.text == (
        '{"error":{"code":"NOT_IMPLEMENTED","description":"The method you are requesting is unsupported."}}'
    )
    assert as_json.headers["x-mashape-billing"] == "Queries=1"
    as_xml = stranger.post(f"/{name}.xml")
    assert (as_xml.status_code, as_xml.headers["content-type"]) == (404, XML)
    assert "<code>NOT_IMPLEMENTED</code>" in as_xml.text


def test_only_the_extension_decides_the_format(call: Caller) -> None:
    assert call.http.get("/get-balance.xml", headers={"Accept": "application/json"}).headers["content-type"] == XML
    assert call.http.get("/get-balance.json", headers={"Accept": "text/xml"}).headers["content-type"] == JSON


# Answers


def test_an_answer_has_the_headers_of_the_real_service(call: Caller) -> None:
    headers = call.http.get("/get-balance.json", headers={"Accept-Encoding": "identity"}).headers
    assert dict(headers) == {
        "server": "nginx",
        "content-type": JSON,
        "expires": "Thu, 19 Nov 1981 08:52:00 GMT",
        "cache-control": "no-store, no-cache, must-revalidate",
        "pragma": "no-cache",
        "x-mashape-billing": "Queries=1",
        "connection": "keep-alive",
    }


def test_the_profile_of_2015_has_other_headers(call: Caller, fresh: FreshTenant) -> None:
    set_tenant(fresh, profile="legacy-2015")
    headers = call.http.get("/get-balance.json").headers
    assert headers["server"] == "nginx/1.1.19"
    assert headers["cache-control"] == "no-store, no-cache, must-revalidate, post-check=0, pre-check=0"


@pytest.mark.parametrize("numbers", [1, 2, 500])
def test_the_billing_header_counts_the_recipients_of_a_send(call: Caller, numbers: int) -> None:
    to = ",".join(str(61491570000 + number) for number in range(numbers))
    answer = call.http.post("/send-sms.json", data={"message": "€" * 100, "to": to})
    assert answer.headers["x-mashape-billing"] == f"Queries=1; Messages={numbers}"
    assert answer.json()["sms"] == 2 * numbers


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [("send-sms", {}, 400), ("send-sms", {"message": "x", "to": "1"}, 400), ("get-sms", {"message_id": "1"}, 400),
     ("get-balance", {}, 200), ("nonsense", {}, 404)],
)  # fmt: skip
def test_other_answers_have_a_billing_header_of_zero(
    call: Caller, method: str, params: dict[str, str], status: int
) -> None:
    answer = call.http.post(f"/{method}.json", data=params)
    assert (answer.status_code, answer.headers["x-mashape-billing"]) == (status, "Queries=1")


@pytest.mark.parametrize(
    ("accepted", "squeezed"),
    [("gzip", True), ("gzip, deflate, br", True), ("deflate, GZip;q=0.5", True), ("gzip;q=1.0", True), ("br", False),
     ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000, br", False), ("notgzip2", False)],
)  # fmt: skip
def test_gzip_is_used_if_accepted(call: Caller, accepted: str, squeezed: bool) -> None:
    headers = [BASIC, (b"accept-encoding", accepted.encode())]
    scope = {"method": "GET", "path": "/get-balance.json", "headers": headers}
    start, body = request(call.http.app, scope, {"type": "http.request"})
    answered = dict(start["headers"])
    assert (answered.get(b"content-encoding") == b"gzip") is squeezed
    assert (answered.get(b"vary") == b"Accept-Encoding") is squeezed
    assert b"content-length" not in answered  # so that the server sends chunks, as the real one does
    plain = gzip.decompress(body["body"]) if squeezed else body["body"]
    assert json.loads(plain)["currency"] == "AUD"


@pytest.mark.parametrize(
    ("version", "connection", "kept"), [("1.1", b"", True), ("1.1", b"Close", False), ("1.0", b"", False)]
)
def test_connections_are_kept_unless_the_client_closes(
    call: Caller, version: str, connection: bytes, kept: bool
) -> None:
    headers = [BASIC, (b"connection", connection)]
    scope = {"method": "GET", "path": "/get-balance.json", "headers": headers, "http_version": version}
    start, _ = request(call.http.app, scope, {"type": "http.request"})
    assert (dict(start["headers"]).get(b"connection") == b"keep-alive") is kept


def test_plain_http_is_refused_where_https_is_required(store: Store, fresh: FreshTenant) -> None:
    app = Api(store, lambda _: "https://localhost:8443")
    scope = {"method": "POST", "path": "//2/get-balance.json", "headers": [BASIC]}
    start, body = request(app, {**scope, "scheme": "http"}, {"type": "http.request"})
    assert start["status"] == 400
    assert json.loads(body["body"])["error"] == {
        "code": "NO_ACCESS",
        "description": "The API is served over HTTPS only: https://localhost:8443//2/get-balance.json",
    }
    start, _ = request(app, {**scope, "scheme": "https"}, {"type": "http.request"})
    assert start["status"] == 200
    start, _ = request(app, {**scope, "scheme": "http", "path": "/nonsense.json"}, {"type": "http.request"})
    assert start["status"] == 404
