"""The places of parameters, and the decoding of their names and values."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from sms_sandbox.api import forms
from sms_sandbox.api.forms import FormWithHints, UnreadableError, parse_urlencoded, read_form
from sms_sandbox.api.routes import MAX_BODY_BYTES
from sms_sandbox.store.database import Store
from tests.api.tenant_setup import BASIC, FORM, read_error, request
from tests.app_client import AppClient
from tests.conftest import KEY, SECRET, Caller
from tests.databases import empty_store

HELLO = {"message": "Hello", "to": "61491570156"}
INVALID = ("FIELD_INVALID", "Field has invalid format (see proper format in the description).")
UNREADABLE = ("FIELD_INVALID", "The body of the request can not be read.")


@pytest.fixture
def store(sqlite: Engine) -> Iterator[Store]:
    """A store in memory: the decoding does not depend on the database."""
    with empty_store(sqlite) as opened:
        yield opened


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


def test_a_multipart_body_is_read(call: Caller) -> None:
    parts = [(name, (None, value)) for name, value in HELLO.items()]
    # The vendor's PHP client sends a filler for each parameter that is not given.
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


def multipart(parts: int, part: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of a form with equal parts."""
    return {"Content-Type": "multipart/form-data; boundary=b"}, (b"--b\r\n" + part) * parts + b"--b--\r\n"


FILE = b'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: text/plain\r\n\r\nx\r\n'


@pytest.mark.parametrize(("parts", "code"), [(1_000, "SUCCESS"), (1_001, "FIELD_INVALID")])
def test_files_count_as_parts(call: Caller, parts: int, code: str) -> None:
    headers, body = multipart(parts, FILE)
    assert call.http.post("/get-balance.json", headers=headers, content=body).json()["error"]["code"] == code


def test_parts_are_read_only_for_those_who_may_call(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def parse(_: str, body: bytes) -> dict[str, str]:
        read.append(body)
        return {}

    monkeypatch.setattr(forms, "_parse_multipart", parse)
    headers, body = multipart(5_000, FILE)
    strangers: list[Any] = [(KEY, "wrong"), ("nobody", "nothing"), None]
    for auth in strangers:
        call.http.auth = auth
        assert call.http.post("/get-balance.json", headers=headers, content=body).status_code == 401
    assert read == []
    call.http.auth = (KEY, SECRET)
    call.http.post("/get-balance.json", headers=headers, content=body)
    assert read == [body]


def test_multipart_wins_over_the_query(call: Caller) -> None:
    answer = call.http.post("/add-list.json?name=query", files=[("name", (None, "body")), ("name", (None, "last"))])
    assert answer.json()["name"] == "last"


def test_a_json_body_is_not_read(call: Caller) -> None:
    assert read_error(call.http.post("/add-list.json", json={"name": "json"}))[0] == "FIELD_EMPTY"
    assert call.http.post("/add-list.json", params={"name": "query"}, json={"name": "json"}).json()["name"] == "query"


def test_credentials_among_the_parameters_are_ignored(stranger: AppClient) -> None:
    secrets = {"apikey": KEY, "apisecret": SECRET, "key": KEY, "secret": SECRET}
    assert stranger.post("/get-balance.json", params=secrets, data=secrets).status_code == 401


WHERE = ["query", "query as it is", "body", "body as it is", "multipart"]


@pytest.mark.parametrize("value", [b"\x00", b"a\x00b", b"\xe9\x00"])
@pytest.mark.parametrize("where", WHERE)
def test_a_nul_is_an_invalid_field(call: Caller, value: bytes, where: str) -> None:
    status, answer = add_list(call, value, where)
    assert (status, answer["error"]["code"], answer["error"]["description"]) == (400, *INVALID)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"Caf\xe9 \x80", "Café €"), (b"\x80", "€"), (b"a\xff", "aÿ"), (b"a\xc3", "aÃ"), (b"\xed\xa0\x80", "í\xa0€"),
        (b"\x81", "\x81"), ("漢é".encode(), "漢é"), ("é".encode() + b"\xe9", "Ã©é"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", WHERE)
def test_bytes_that_are_not_utf_8_are_windows_1252(call: Caller, value: bytes, read: str, where: str) -> None:
    assert add_list(call, value, where)[1].get("name") == read


def add_list(call: Caller, value: bytes, where: str) -> tuple[int, dict[str, Any]]:
    """Add a list with a name of these bytes, in a part of the request."""
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
    return start["status"], json.loads(answer["body"])


@pytest.mark.parametrize("name", ["to[]", "to[0]", "to[x]"])
def test_an_array_in_the_style_of_php_is_a_list(call: Caller, name: str) -> None:
    numbers = ["61491570156", "61491570157"]
    named = [(name.replace("0", str(index)), number) for index, number in enumerate(numbers)]
    body = urlencode([("message", "hi"), *named])
    assert call.http.post("/send-sms.json", content=body, headers={"Content-Type": FORM}).json()["recipients"] == 2
    assert call.http.get(f"/send-sms.json?{body}").json()["recipients"] == 2
    parts = [("message", (None, "hi")), *((key, (None, number)) for key, number in named)]
    assert call.http.post("/send-sms.json", files=parts).json()["recipients"] == 2


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a[]=1&a[]=2", {"a": "1,2"}), ("a[1]=1&a[0]=2", {"a": "1,2"}), ("a[]=1&a=2", {"a": "2"}),
        ("a=&a[]=1", {"a": "1"}), ("x.y[]=1", {"x_y": "1"}), ("a[][]=1", {"a[][]": "1"}), ("[]=1", {"[]": "1"}),
        ('{"a":[1]}=', {'{"a":[1]}': ""}), ("a[=1", {"a[": "1"}),
    ],
)  # fmt: skip
def test_arrays_in_a_form_are_read(text: str, form: dict[str, str]) -> None:
    assert parse_urlencoded(text.encode()) == form


def test_the_array_of_a_body_wins_over_the_query() -> None:
    form = read_form(b"to=1&a[]=2", FORM, b"to[]=3&to[]=4&b=%E9")
    assert form == {"to": "3,4", "a": "2", "b": "é"}
    assert isinstance(form, FormWithHints)
    assert [hint.partition("`, and")[0][:5] for hint in form.hints] == ["`a` i", "`b` i", "`to` "]
    assert type(read_form(b"a=1", FORM, b"b=2")) is dict


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
def test_an_unreadable_body_is_refused(call: Caller, stranger: AppClient, content_type: str, body: bytes) -> None:
    answer = call.http.post("/get-balance.json", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, *read_error(answer)) == (400, *UNREADABLE)
    assert stranger.post("/get-balance.json", content=body, headers={"Content-Type": content_type}).status_code == 401


def test_too_many_fields_in_the_query_are_refused(call: Caller) -> None:
    answer = call.http.get("/get-balance.json?" + "&".join(f"a{number}=1" for number in range(1001)))
    assert read_error(answer) == UNREADABLE
    assert call.http.get("/get-balance.json?" + "&".join(f"a{n}=1" for n in range(1000))).status_code == 200


PIECES = st.sampled_from(["a", "b=", "&", "=", "+", "%", "%20", "%2B", "%C3%A9", "%0", "%g1", ";", "#", "é", "0"])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_form_is_read_as_the_standard_library_reads_it(text: str) -> None:
    expected = dict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape"))
    assume(not any("\udc80" <= letter <= "\udcff" for pair in expected.items() for part in pair for letter in part))
    assert parse_urlencoded(text.encode()) == {name.replace(" ", "_"): value for name, value in expected.items()}


def test_a_letter_half_as_bytes_and_half_quoted_is_put_together() -> None:
    assert parse_urlencoded(b"a=\xc3%A9") == {"a": "é"}


@given(st.binary(max_size=300), st.sampled_from([FORM, "multipart/form-data; boundary=b"]), st.binary(max_size=50))
def test_no_bytes_break_the_reading_of_a_form(body: bytes, content_type: str, query: bytes) -> None:
    for framed in (body, b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + body + b"\r\n--b--\r\n"):
        try:
            form = read_form(query, content_type, framed)
        except UnreadableError:
            continue
        assert all(isinstance(text, str) for pair in form.items() for text in pair)


def test_a_body_of_megabytes_is_refused_by_the_web_server(call: Caller) -> None:
    answer = call.http.post("/get-balance.json", content=b"a" * MAX_BODY_BYTES, headers={"Content-Type": FORM})
    assert answer.status_code == 200
    answer = call.http.post("/get-balance.json", content=b"a" * (MAX_BODY_BYTES + 1), headers={"Content-Type": FORM})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html")
    assert answer.headers["connection"] == "close"


def test_a_call_whose_client_disconnects_during_the_body_is_not_carried_out(call: Caller) -> None:
    headers = [BASIC, (b"content-type", FORM.encode()), (b"content-length", b"60")]
    half = {"type": "http.request", "body": b"to=61491570156&message=Hello+wo", "more_body": True}
    request(
        call.http.app,
        {"method": "POST", "path": "/send-sms.json", "headers": headers},
        half,
        {"type": "http.disconnect"},
    )
    assert call.ok("get-balance")["balance"] == 1000


def test_a_multipart_body_without_a_boundary_leaves_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnreadableError):
        read_form(b"", "multipart/form-data", b"junk")
    assert caplog.records == []
