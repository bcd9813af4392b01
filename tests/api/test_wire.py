"""Ways to ask: verbs, paths, where parameters stand; and what every answer carries."""

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from sms_sandbox.api.forms import UnreadableError, read_form
from sms_sandbox.api.routes import LARGEST_BODY, Api, methods
from sms_sandbox.store.engine import Store
from tests.api.acts import request, settle_tenant
from tests.conftest import KEY, SECRET, Caller, World

HELLO = {"message": "Hello", "to": "61491570156"}
JSON = "application/json; charset=utf-8"
XML = "text/xml; charset=utf-8"
FORM = "application/x-www-form-urlencoded"
INVALID = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
UNREADABLE = ("FIELD_INVALID", "The body of the request can not be read.")
BASIC = (b"authorization", b"Basic dGVzdC1rZXk6dGVzdC1zZWNyZXQ=")


@pytest.fixture
def stranger(store: Store) -> TestClient:
    """A client without credentials."""
    return TestClient(Api(store, None), base_url="https://localhost")


def error_of(answer: Any) -> tuple[str, Any]:
    error = answer.json()["error"]
    return error["code"], error["description"]


# Verbs


@pytest.mark.parametrize("name", sorted(methods()))
@pytest.mark.parametrize("params", [{}, {"message_id": "1", "list_id": "1", "id": "1", "msisdn": "61491570156"}])
def test_get_and_post_say_the_same_on_every_method(call: Caller, name: str, params: dict[str, str]) -> None:
    by_get = call.http.get(f"/{name}.json", params=params)
    by_post = call.http.post(f"/{name}.json", data=params)
    assert by_get.status_code == by_post.status_code
    if name not in ("add-list", "add-to-list", "send-sms"):
        assert by_get.content == by_post.content


def test_a_send_by_get(call: Caller) -> None:
    answer = call.http.get("/send-sms.json", params=HELLO)
    assert answer.status_code == 200
    assert answer.json()["recipients"] == 1


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", FORM])
def test_a_post_with_all_in_the_query_and_null_as_its_body(call: Caller, content_type: str) -> None:
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


def test_put_in_chunks_has_a_length_of_its_own(store: Store, fresh: World) -> None:
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
def test_other_verbs_are_no_methods(call: Caller, verb: str, ending: str, content_type: str) -> None:
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
             "/2//get-balance.json", "///2///get-balance.json"],
)  # fmt: skip
def test_paths_of_real_clients(call: Caller, path: str) -> None:
    # By hand, since client libraries take a path that begins with two slashes for a host.
    scope = {"method": "GET", "path": path, "headers": [BASIC]}
    start, body = request(call.http.app, scope, {"type": "http.request"})
    assert start["status"] == 200
    assert json.loads(body["body"])["balance"] == 1000


@pytest.mark.parametrize(
    "path", ["/", "", "//", "/2", "/2/", "/send-sms", "/2/send-sms", "/send-sms.txt", "/send-sms.JSON",
             "/send-sms.json/", "/3/send-sms.json", "/2/2/send-sms.json", "/v1/send-sms.json", "/.json", "/2/.xml",
             "/send-sms.json.txt"],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_what_is_no_path_of_the_api_is_a_page_not_found(call: Caller, path: str, verb: str) -> None:
    start, body = request(call.http.app, {"method": verb, "path": path})
    headers = dict(start["headers"])
    assert start["status"] == 404
    assert headers[b"content-type"] == b"text/html"
    assert b"x-mashape-billing" not in headers
    assert b"expires" not in headers
    assert b"404 Page Not Found" in body["body"]


@pytest.mark.parametrize(
    "name", ["send-smss", "Send-Sms", "send_sms", "SEND-SMS", "get-sms-delivery-stats", "2", "x%20y"]
)
def test_an_unknown_method_answers_in_the_format_asked_for(stranger: TestClient, name: str) -> None:
    as_json = stranger.get(f"/{name}.json")
    assert (as_json.status_code, as_json.headers["content-type"]) == (404, JSON)
    assert as_json.text == (
        '{"error":{"code":"NOT_IMPLEMENTED","description":"The method you are requesting is unsupported."}}'
    )
    assert as_json.headers["x-mashape-billing"] == "Queries=1"
    as_xml = stranger.post(f"/{name}.xml")
    assert (as_xml.status_code, as_xml.headers["content-type"]) == (404, XML)
    assert "<code>NOT_IMPLEMENTED</code>" in as_xml.text


def test_the_ending_alone_picks_the_format(call: Caller) -> None:
    assert call.http.get("/get-balance.xml", headers={"Accept": "application/json"}).headers["content-type"] == XML
    assert call.http.get("/get-balance.json", headers={"Accept": "text/xml"}).headers["content-type"] == JSON


# Parameters


def test_query_and_body_are_merged_and_the_body_wins(call: Caller) -> None:
    answer = call.http.post("/add-list.json?name=query&field_1=Email", data={"name": "body", "field_2": "City"})
    assert answer.json()["name"] == "body"
    assert answer.json()["fields"] == {"field_1": "Email", "field_2": "City"}


def test_the_last_of_a_repeated_name_wins(call: Caller) -> None:
    assert call.http.get("/add-list.json?name=first&name=last").json()["name"] == "last"
    twice = call.http.post("/add-list.json", content=b"name=one&name=two", headers={"Content-Type": FORM})
    assert twice.json()["name"] == "two"


def test_unknown_names_are_ignored_and_case_counts(call: Caller) -> None:
    assert call.ok("add-list", name="kept", Name="other", nonsense="1")["name"] == "kept"
    assert call.refused("add-list", Name="other") == ("FIELD_EMPTY", "Required field 'name' is empty")


def test_dots_and_blanks_in_names_are_underscores(call: Caller) -> None:
    answer = call.http.post("/add-list.json?field.1=Email", data={"name": "dotted", "field 2": "City"})
    assert answer.json()["fields"] == {"field_1": "Email", "field_2": "City"}


def test_plus_and_percent_are_blanks(call: Caller) -> None:
    assert call.http.get("/add-list.json?name=a+b%20c%2Bd").json()["name"] == "a b c+d"


def test_a_plus_in_a_number_may_arrive_as_a_blank(call: Caller) -> None:
    assert call.http.get("/send-sms.json?message=hi&to=+61491570156").json()["recipients"] == 1


def test_texts_are_utf_8(call: Caller) -> None:
    assert call.ok("add-list", name="Ärzte 😀 Žofín")["name"] == "Ärzte 😀 Žofín"


def test_multipart(call: Caller) -> None:
    parts = [(name, (None, value)) for name, value in HELLO.items()]
    # What the vendor's PHP client sends along: a filler for each parameter there is.
    fillers = [(name, (None, "")) for name in ("from", "send_at", "dlr_callback", "replies_to_email", "countrycode")]
    zeros = [(name, (None, "0")) for name in ("list_id", "validity")]
    answer = call.http.post("/send-sms.json", files=[*parts, *fillers, *zeros])
    assert answer.request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert answer.json()["recipients"] == 1


def test_multipart_is_utf_8_with_dotted_names_and_without_files(call: Caller) -> None:
    text: tuple[None, str] = (None, "Straße")
    answer = call.http.post(
        "/add-list.json",
        files=[("name", (None, "Žofín")), ("field.1", text), ("field_2", ("file.txt", b"no text"))],
    )
    assert (answer.json()["name"], answer.json()["fields"]) == ("Žofín", {"field_1": "Straße"})


def test_multipart_wins_over_the_query(call: Caller) -> None:
    answer = call.http.post("/add-list.json?name=query", files=[("name", (None, "body")), ("name", (None, "last"))])
    assert answer.json()["name"] == "last"


def test_a_json_body_is_not_read(call: Caller) -> None:
    assert error_of(call.http.post("/add-list.json", json={"name": "json"}))[0] == "FIELD_EMPTY"
    assert call.http.post("/add-list.json", params={"name": "query"}, json={"name": "json"}).json()["name"] == "query"


def test_credentials_among_the_parameters_are_not_looked_at(stranger: TestClient) -> None:
    secrets = {"apikey": KEY, "apisecret": SECRET, "key": KEY, "secret": SECRET}
    assert stranger.post("/get-balance.json", params=secrets, data=secrets).status_code == 401


@pytest.mark.parametrize("value", [b"\x00", b"a\x00b", b"\x80", b"a\xff", b"a\xc3", b"\xed\xa0\x80"])
@pytest.mark.parametrize("where", ["query", "query as it is", "body", "body as it is", "multipart"])
def test_bytes_that_are_no_text_are_an_invalid_field(call: Caller, value: bytes, where: str) -> None:
    encoded = b"name=" + (value if where.endswith("as it is") else quote(value).encode())
    part = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + value + b"\r\n--b--\r\n"
    content_type = b"multipart/form-data; boundary=b" if where == "multipart" else FORM.encode()
    scope = {
        "method": "POST",
        "path": "/add-list.json",
        "headers": [BASIC, (b"content-type", content_type)],
        "query_string": encoded if where.startswith("query") else b"",
    }
    body = b"" if where.startswith("query") else part if where == "multipart" else encoded
    start, answer = request(call.http.app, scope, {"type": "http.request", "body": body})
    error = json.loads(answer["body"])["error"]
    assert (start["status"], error["code"], error["description"]) == (400, *INVALID)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"junk"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1002),
        (FORM, b"&".join(b"a%d=1" % number for number in range(1001))),
    ],
)
def test_a_body_that_can_not_be_read(call: Caller, stranger: TestClient, content_type: str, body: bytes) -> None:
    answer = call.http.post("/get-balance.json", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, *error_of(answer)) == (400, *UNREADABLE)
    assert stranger.post("/get-balance.json", content=body, headers={"Content-Type": content_type}).status_code == 401


def test_too_many_fields_in_the_query(call: Caller) -> None:
    answer = call.http.get("/get-balance.json?" + "&".join(f"a{number}=1" for number in range(1001)))
    assert error_of(answer) == UNREADABLE
    assert call.http.get("/get-balance.json?" + "&".join(f"a{n}=1" for n in range(1000))).status_code == 200


@given(st.binary(max_size=300), st.sampled_from([FORM, "multipart/form-data; boundary=b"]), st.binary(max_size=50))
def test_no_bytes_break_the_reading_of_a_form(body: bytes, content_type: str, query: bytes) -> None:
    for framed in (body, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body + b"\r\n--b--\r\n"):
        try:
            form = read_form(query, content_type, framed)
        except UnreadableError:
            continue
        assert all(isinstance(text, str) for pair in form.items() for text in pair)


def test_a_body_of_megabytes_is_refused_by_the_web_server(call: Caller) -> None:
    answer = call.http.post("/get-balance.json", content=b"a" * LARGEST_BODY, headers={"Content-Type": FORM})
    assert answer.status_code == 200
    answer = call.http.post("/get-balance.json", content=b"a" * (LARGEST_BODY + 1), headers={"Content-Type": FORM})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html")
    assert answer.headers["connection"] == "close"


def test_a_call_whose_client_goes_away_in_the_middle_is_not_carried_out(call: Caller) -> None:
    headers = [BASIC, (b"content-type", FORM.encode()), (b"content-length", b"60")]
    half = {"type": "http.request", "body": b"to=61491570156&message=Hello+wo", "more_body": True}
    request(
        call.http.app,
        {"method": "POST", "path": "/send-sms.json", "headers": headers},
        half,
        {"type": "http.disconnect"},
    )
    assert call.ok("get-balance")["balance"] == 1000


# Answers


def test_headers_of_an_answer(call: Caller) -> None:
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


def test_headers_of_2015(call: Caller, fresh: World) -> None:
    settle_tenant(fresh, profile="legacy-2015")
    headers = call.http.get("/get-balance.json").headers
    assert headers["server"] == "nginx/1.1.19"
    assert headers["cache-control"] == "no-store, no-cache, must-revalidate, post-check=0, pre-check=0"


@pytest.mark.parametrize("numbers", [1, 2, 500])
def test_the_billing_header_tells_the_recipients_of_a_send(call: Caller, numbers: int) -> None:
    to = ",".join(str(61491570000 + number) for number in range(numbers))
    answer = call.http.post("/send-sms.json", data={"message": "€" * 100, "to": to})
    assert answer.headers["x-mashape-billing"] == f"Queries=1; Messages={numbers}"
    assert answer.json()["sms"] == 2 * numbers


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [("send-sms", {}, 400), ("send-sms", {"message": "x", "to": "1"}, 400), ("get-sms", {"message_id": "1"}, 400),
     ("get-balance", {}, 200), ("nonsense", {}, 404)],
)  # fmt: skip
def test_the_billing_header_of_other_answers(call: Caller, method: str, params: dict[str, str], status: int) -> None:
    answer = call.http.post(f"/{method}.json", data=params)
    assert (answer.status_code, answer.headers["x-mashape-billing"]) == (status, "Queries=1")


@pytest.mark.parametrize(
    ("accepted", "squeezed"),
    [("gzip", True), ("gzip, deflate, br", True), ("deflate, GZip;q=0.5", True), ("gzip;q=1.0", True), ("br", False),
     ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000, br", False), ("notgzip2", False)],
)  # fmt: skip
def test_gzip_for_those_who_accept_it(call: Caller, accepted: str, squeezed: bool) -> None:
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


def test_plain_http_is_refused_where_https_is_asked_for(store: Store, fresh: World) -> None:
    app = Api(store, "https://localhost:8443")
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
