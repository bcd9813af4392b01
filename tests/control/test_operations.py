"""All operations at once: the OpenAPI document, and common refusals."""

import json
import re
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from openapi_spec_validator import validate

from sms_sandbox.control.routes import OPERATIONS
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, Answer, basic, fetch

Document = dict[str, Any]


@pytest.fixture(scope="module")
def document(server: Account) -> Document:
    answer = fetch(f"{server.ready.http}/_sandbox/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    read: Document = answer.json
    return read


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)  # it is the same with each database
def test_the_document_is_valid_openapi(document: Document) -> None:
    validate(document)


def test_the_document_lists_every_operation_with_words(document: Document) -> None:
    listed = {
        (verb.upper(), path): described
        for path, verbs in document["paths"].items()
        for verb, described in verbs.items()
    }
    assert set(listed) == {(each.verb, each.path) for each in OPERATIONS}
    assert len({described["operationId"] for described in listed.values()}) == len(OPERATIONS)
    for described in listed.values():
        assert described["summary"].endswith(".")
        assert len(described["summary"]) < 200
    texts = [schema.get("description", "") for schema in document["components"]["schemas"].values()]
    assert not [text for text in texts if "\n " in text], "an indented line is code in Markdown"


def test_the_page_lists_every_operation_once() -> None:
    page = (Path(__file__).parents[2] / "docs" / "control.md").read_text()
    rows = re.findall(r"^\| (`[A-Z]+ /.*?) \|", page, re.MULTILINE)
    listed = [re.sub(r"\{\w+\}", "{}", each) for row in rows for each in re.findall(r"`([A-Z]+ /[^`]+)`", row)]
    assert sorted(listed) == sorted(re.sub(r"\{\w+\}", "{}", f"{each.verb} {each.path}") for each in OPERATIONS)


def test_every_parameter_in_a_path_is_listed(document: Document) -> None:
    for path, verbs in document["paths"].items():
        for described in verbs.values():
            listed = {each["name"] for each in described["parameters"] if each["in"] == "path"}
            assert listed == set(re.findall(r"\{(\w+)\}", path))


def test_parameters_in_a_path_have_their_types(document: Document) -> None:
    (of_message,) = document["paths"]["/messages/{message}"]["get"]["parameters"]
    assert of_message["schema"] == {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    (of_tenant,) = document["paths"]["/tenants/{tenant}"]["get"]["parameters"]
    assert of_tenant["schema"]["type"] == "string"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_operation_refuses_other_verbs_and_says_which_it_takes(server: Account, operation: Any) -> None:
    path = re.sub(r"\{\w+\}", "1", operation.path)
    verbs = {each.verb for each in OPERATIONS if re.sub(r"\{\w+\}", "1", each.path) == path}
    for verb in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} - verbs:
        answer = server.control(verb, path)
        assert (answer.status, answer.code) == (405, "not_allowed")
        assert all(each in answer.json["error"]["message"] for each in verbs)


@pytest.mark.parametrize("path", ["/", "/nothing", "/clock/", "/clock/stop", "//clock", "/messages/1/2", "/%2e%2e/x"])
def test_an_unknown_path_is_not_found(server: Account, path: str) -> None:
    assert server.refused("GET", path) == (404, "not_found")


def test_a_body_that_is_too_large_is_refused(server: Account) -> None:
    body = json.dumps({"from": HANDSET, "text": "x" * (1 << 20)})
    assert server.refused("POST", "/inbound", body.encode()) == (413, "too_large")
    assert server.refused("POST", "/clock/freeze", b" " * (1 << 20) + b" ") == (413, "too_large")


def test_a_body_that_breaks_off_does_nothing(server: Account, tenant: Account) -> None:
    parts = urlsplit(server.ready.http)
    connection = HTTPConnection(parts.hostname or "", parts.port)
    connection.putrequest("POST", "/_sandbox/v1/clock/advance")
    connection.putheader("Content-Length", "1000")
    connection.putheader("Authorization", basic(tenant.key, tenant.secret)["Authorization"])
    connection.endheaders(b'{"days": 400}')
    connection.close()
    assert fetch(f"{server.ready.http}/livez").status == 200
    assert tenant.ok("GET", "/clock")["now"] < tenant.ok("POST", "/clock/advance", {"days": 300})["end"]


def test_a_head_request_is_a_get_without_the_body(server: Account) -> None:
    answer = server.control("HEAD", "/clock")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_answers_must_not_be_cached(server: Account) -> None:
    assert server.control("GET", "/clock").headers["cache-control"] == "no-store"


def test_control_is_served_over_https_too(server: Account) -> None:
    answer = fetch(f"{server.ready.https}/_sandbox/v1/info", ca=server.ready.ca)
    info = answer.json
    assert (info["https"], info["http"], info["ca"]) == (server.ready.https, server.ready.http, server.ready.ca)
    assert info["version"]


# Every answer matches the document


def check(document: Document, path: str, verb: str, answer: Answer) -> None:
    responses = document["paths"][path][verb.lower()]["responses"]
    described = responses.get(str(answer.status)) or responses["default"]
    (media_type,) = described["content"]
    assert answer.headers["content-type"].partition(";")[0] == media_type
    if media_type != "application/json":
        return
    schema = described["content"][media_type]["schema"]
    whole = {**schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(answer.json)
    if schema.get("$ref", "").startswith("#/components/schemas/") and answer.status < 400:
        listed = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(answer.json) == set(listed)


def test_answers_are_as_the_document_says(document: Document, server: Account, receiver: Receiver) -> None:
    tenant = server.tenant(frozen_at="2030-01-31T12:00:00Z")
    name = tenant.ok("GET", "/tenants/current")["name"]
    tenant.ok("PATCH", "/account", {"dlr_url": receiver.url})
    tenant.send("hi [tracked-link]", HANDSET, tracked_link_url="https://example.com/")
    tapped = tenant.ok("GET", "/recipients")["recipients"][0]
    recipient, link = tapped["id"], tapped["links"][0]
    tenant.send("hi", f"{HANDSET},61491570157", replies_to_email="me@example.com")
    tenant.ok("POST", "/clock/advance", {"seconds": 0.5})
    tenant.api("add-list", name="friends")
    tenant.api("add-email", email="me@example.com")
    failed = {"failed_at": 1, "due": 1, "kind": "send", "ref": 7, "lane": "", "data": "", "error": "KeyError: 'x'"}
    whole = tenant.ok("GET", "/export", with_secrets="true")
    whole["tables"]["failed_events"].append({"id": 1, **failed})
    whole["tables"]["counters"].append({"kind": "failed-event", "value": 2})
    tenant.ok("DELETE", f"/tenants/{name}")
    made_again = server.ok("POST", "/import", {"document": whole})
    tenant = Account(server.ready, made_again["key"], made_again["secret"])
    steps: list[tuple[str, str, str | None, Any]] = [
        ("POST", "/tenants", "/tenants", {}),
        ("GET", "/info", "/info", None),
        ("GET", "/parity", "/parity", None),
        ("GET", "/tenants", "/tenants", None),
        ("GET", "/tenants/{tenant}", f"/tenants/{name}", None),
        ("PATCH", "/tenants/{tenant}", f"/tenants/{name}", {"delivery_seconds": 2}),
        ("GET", "/clock", "/clock", None),
        ("POST", "/clock/freeze", "/clock/freeze", None),
        ("PUT", "/recipients/{recipient}/fate", None, {"status": "hard-bounce"}),
        ("GET", "/clock/due", "/clock/due", None),
        ("POST", "/clock/advance", "/clock/advance", {"seconds": 3}),
        ("POST", "/clock/next", "/clock/next", None),
        ("POST", "/clock/resume", "/clock/resume", None),
        ("POST", "/inbound", "/inbound", {"from": HANDSET, "text": "hi"}),
        ("GET", "/handsets", "/handsets", None),
        ("GET", "/handsets/{handset}", f"/handsets/{HANDSET}", None),
        ("GET", "/handsets/{handset}/texts", f"/handsets/{HANDSET}/texts", None),
        ("PATCH", "/handsets/{handset}", f"/handsets/{HANDSET}", {"state": "on"}),
        ("POST", "/recipients/{recipient}/tap", f"/recipients/{recipient}/tap", {"link": link}),
        ("GET", "/messages", "/messages", None),
        ("GET", "/messages/{message}", None, None),
        ("GET", "/messages/{message}/reasons", None, None),
        ("GET", "/recipients", "/recipients", None),
        ("GET", "/callbacks", "/callbacks", None),
        ("GET", "/callbacks/{callback}", None, None),
        ("POST", "/callbacks/{callback}/send", None, None),
        ("GET", "/failed-events", "/failed-events", None),
        ("POST", "/failed-events/{event}/run", "/failed-events/1/run", None),
        ("GET", "/traffic", "/traffic", None),
        ("GET", "/traffic/count", "/traffic/count?kind=call", None),
        ("GET", "/traffic/{entry}", "/traffic/1", None),
        ("GET", "/report", "/report", None),
        ("POST", "/verify", "/verify", {"of": "calls"}),
        ("POST", "/wait", "/wait", {"of": "callbacks", "timeout_seconds": 0}),
        ("HEAD", "/events", "/events", None),
        ("HEAD", "/events/all", "/events/all", None),
        ("DELETE", "/traffic", "/traffic", None),
        ("GET", "/numbers", "/numbers", None),
        ("GET", "/keywords", "/keywords", None),
        ("GET", "/lists", "/lists", None),
        ("PATCH", "/lists/{list}", None, {"automation_url": receiver.url}),
        ("POST", "/mails", "/mails", {"from": "me@example.com", "to": f"{HANDSET}@sms.example.com", "text": "hi"}),
        ("GET", "/mails", "/mails", None),
        ("PUT", "/sender-ids/{word}", "/sender-ids/SHOP", None),
        ("DELETE", "/sender-ids/{word}", "/sender-ids/SHOP", None),
        ("POST", "/faults", "/faults", {"error": "FAILED", "method": "send-sms", "delay": {"median": 1, "sigma": 0.5}}),
        ("GET", "/faults", "/faults", None),
        ("GET", "/faults/{fault}", None, None),
        ("PATCH", "/faults/{fault}", None, {"enabled": False}),
        ("PUT", "/faults/order", "/faults/order", {"on": "callback", "order": []}),
        ("DELETE", "/faults/{fault}", None, None),
        ("DELETE", "/faults", "/faults", None),
        ("GET", "/accounts", "/accounts", None),
        ("GET", "/throttles", "/throttles", None),
        ("POST", "/account/top-up", "/account/top-up", {"amount": 5}),
        ("GET", "/connection", "/connection", None),
        ("GET", "/session", "/session", None),
        ("GET", "/account", "/account", None),
        ("PATCH", "/account", "/account", {"throttle": 3}),
        ("POST", "/account/top-up", "/account/top-up", {"amount": 5}),
        ("GET", "/accounts", "/accounts", None),
        ("GET", "/series", "/series", None),
        ("POST", "/calls", "/calls", {"method": "get-balance"}),
        ("PUT", "/receivers/{receiver}", "/receivers/inbox", {"status": 503}),
        ("GET", "/receivers", "/receivers", None),
        ("GET", "/receivers/{receiver}", "/receivers/inbox", None),
        ("GET", "/receivers/{receiver}/requests", "/receivers/inbox/requests", None),
        ("DELETE", "/receivers/{receiver}", "/receivers/inbox", None),
        ("GET", "/export", "/export", None),
        ("POST", "/import", "/import", {"document": whole, "name": f"{name}-2", "key": name}),
        ("POST", "/replay", "/replay", {"document": whole}),
        ("GET", "/scenarios", "/scenarios", None),
        ("POST", "/rules", "/rules", {"match": {"to": HANDSET}, "scenario": "replies", "options": {"text": "Hi"}}),
        ("GET", "/rules", "/rules", None),
        ("GET", "/rules/{rule}", None, None),
        ("PATCH", "/rules/{rule}", None, {"enabled": False}),
        ("PUT", "/rules/order", "/rules/order", {"order": [2]}),
        ("DELETE", "/rules/{rule}", None, None),
        ("DELETE", "/rules", "/rules", None),
        ("POST", "/tenants/{tenant}/reset", "/tenants/current/reset", None),
        ("DELETE", "/tenants/{tenant}", f"/tenants/{name}", None),
    ]  # fmt: skip
    made = {("GET" if verb == "HEAD" else verb, path) for verb, path, _, _ in steps}
    assert made == {(each.verb, each.path) for each in OPERATIONS}
    for verb, path, asked, body in steps:
        if asked is None:
            kind = re.findall(r"\{(\w+)\}", path)[0]
            newest = tenant.ok("GET", f"/{kind}s")[f"{kind}s"][0]["id"]
            asked = path.replace(f"{{{kind}}}", str(newest))
        answer = tenant.control(verb, asked, body)
        expected = {each.status for each in OPERATIONS if (each.verb, each.path) == (verb, path)}
        assert {answer.status} == expected or verb == "HEAD", (verb, asked, answer.body)
        if verb == "HEAD":
            (described,) = document["paths"][path]["get"]["responses"]["200"]["content"]
            assert (answer.status, answer.headers["content-type"], answer.body) == (200, described, b"")
            continue
        check(document, path, verb, answer)
        refused = tenant.control(verb, asked, b"{")
        if refused.status >= 400:
            check(document, path, verb, refused)
