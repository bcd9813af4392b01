"""Errors in the sandbox: the answer FAILED, an undone call, an entry in the traffic, a line in the log."""

import gzip
from types import SimpleNamespace
from typing import Annotated, Any, TypedDict
from unittest.mock import patch

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette

from sms_sandbox.api import early_reports, pending_entries, routes, traffic_entry
from sms_sandbox.api.answer import answer_call
from sms_sandbox.api.declare import Call, method
from sms_sandbox.api.params import Text
from sms_sandbox.api.render import FORMATS
from sms_sandbox.api.routes import Api, ApiRoute, Methods, failure, load_methods
from sms_sandbox.journal.entries import NewEntry
from sms_sandbox.store import contacts
from sms_sandbox.store.scopes import PendingEntry
from tests.api.traffic_entries import KeptTraffic
from tests.app_client import AppClient
from tests.conftest import KEY, SECRET, Caller, FreshTenant

ENVELOPES = {
    "json": '{"error":{"code":"FAILED","description":"The request could not be carried out."}}',
    "xml": (
        '<?xml version="1.0"?>\n<response><error><code>FAILED</code>'
        "<description>The request could not be carried out.</description></error></response>\n"
    ),
}
TYPES = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
HELLO = {"message": "Hello", "to": "61491570156"}


class Odd(TypedDict):
    value: Any


@method("Tests")
def answer_oddly(call: Call, name: Annotated[str, Text("A name.")]) -> Odd:
    """Add a list, and answer with a value that has no JSON and no XML."""
    contacts.add_list(call.db, call.tenant, call.account.id, "left behind", {}, call.now)
    return {"value": object()}


class Failing:
    """An attribute that fails when it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.calls += 1
        raise RuntimeError("an error in the sandbox")


@pytest.fixture
def entries(fresh: FreshTenant) -> list[PendingEntry]:
    """The entries that calls of the store queue."""
    kept = KeptTraffic()
    fresh.store.journal = kept
    return kept.entries


def build_entries(entries: list[PendingEntry]) -> list[NewEntry]:
    return [entry.make(*entry.args) for entry in entries]


@pytest.fixture
def http(fresh: FreshTenant) -> AppClient:
    methods = {**load_methods(), answer_oddly.name: answer_oddly}
    client = AppClient(Api(fresh.store, None, methods))
    client.auth = (KEY, SECRET)
    return client


@pytest.mark.parametrize("fmt", ENVELOPES)
def test_a_call_whose_response_cannot_be_rendered_is_not_carried_out(
    http: AppClient, call: Caller, entries: list[PendingEntry], caplog: pytest.LogCaptureFixture, fmt: str
) -> None:
    answer = http.get(f"/answer-oddly.{fmt}", params={"name": "x"})
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (500, ENVELOPES[fmt], TYPES[fmt])
    assert [(entry.method, entry.code, entry.status) for entry in build_entries(entries)] == [
        ("answer-oddly", "FAILED", 500)
    ]
    assert call.ok("get-lists")["lists_total"] == 0
    assert "cannot render" in caplog.text


@pytest.mark.parametrize("fmt", ENVELOPES)
def test_a_send_whose_response_cannot_be_rendered_is_not_charged(http: AppClient, call: Caller, fmt: str) -> None:
    content_type, render = FORMATS[fmt]

    def fail_for_sends(reply: Any) -> bytes:
        if "message_id" in reply:
            raise RuntimeError("an error in the sandbox")
        return render(reply)

    with patch.dict(FORMATS, {fmt: (content_type, fail_for_sends)}):
        assert http.post(f"/send-sms.{fmt}", data=HELLO).text == ENVELOPES[fmt]
    assert call.ok("get-balance")["balance"] == 1000
    assert call.ok("send-sms", **HELLO)["recipients"] == 1


def test_a_send_whose_response_cannot_be_built_is_not_charged(http: AppClient, call: Caller) -> None:
    compress: Any = gzip.compress

    def fail_for_sends(body: bytes, **options: Any) -> Any:
        if b"message_id" in body:
            raise RuntimeError("an error in the sandbox")
        return compress(body, **options)

    with patch.object(gzip, "compress", fail_for_sends):
        answer = http.post("/send-sms.json", data=HELLO, headers={"Accept-Encoding": "gzip"})
    assert answer.text == ENVELOPES["json"]
    assert call.ok("get-balance")["balance"] == 1000


def test_a_send_that_cannot_be_billed_is_not_charged(fresh: FreshTenant, call: Caller) -> None:
    unbillable = replace(load_methods()["send-sms"], bills_messages="nothing")
    with patch.object(Methods, "__getitem__", lambda *_: unbillable):
        client = AppClient(Api(fresh.store, None))
        client.auth = (KEY, SECRET)
        assert client.post("/send-sms.json", data=HELLO).text == ENVELOPES["json"]
    assert call.ok("get-balance")["balance"] == 1000


PLACES = {
    "form": (routes, "read_form"),
    "preparation": (routes.Api, "_answer"),
    "call": (routes, "answer_call"),
    "methods": (routes.Methods, "__getitem__"),
}


@pytest.mark.parametrize("fmt", ENVELOPES)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("caller_is_found", [True, False])
def test_a_failure_around_a_call_is_an_api_error(
    fresh: FreshTenant, entries: list[PendingEntry], caplog: pytest.LogCaptureFixture, place: str, fmt: str,
    caller_is_found: bool,
) -> None:  # fmt: skip
    api = Api(fresh.store, None)
    client = AppClient(api)
    client.auth = (KEY, SECRET)
    find_caller = api._gate.find_caller if caller_is_found else Failing()
    gate = SimpleNamespace(find_caller=find_caller, tenants_of=api._gate.tenants_of)
    with patch.object(*PLACES[place], failing := Failing()), patch.object(api, "_gate", gate):
        answer = client.post(f"/send-sms.{fmt}", data=HELLO)
    assert failing.calls == 1
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (500, ENVELOPES[fmt], TYPES[fmt])
    (entry,) = build_entries(entries)
    assert (entry.code, entry.status, entry.tenant) == ("FAILED", 500, fresh.tenant if caller_is_found else None)
    assert "an error in the sandbox" in caplog.text


def test_an_error_while_waiting_for_early_reports_does_not_change_the_answer(
    http: AppClient, call: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    add = {"message": "Hello", "to": "61491570156", "dlr_callback": "http://127.0.0.1:1/x"}
    carried_out = answer_call

    def with_early_recipients(*args: Any) -> Any:
        return carried_out(*args)._replace(early_recipients=(1,))

    with (
        patch.object(early_reports, "wait_for_reports", Failing()),
        patch.object(routes, "answer_call", with_early_recipients),
    ):
        assert http.post("/send-sms.json", data=add).json()["error"]["code"] == "SUCCESS"
    assert call.ok("get-balance")["balance"] < 1000
    assert "an error in the sandbox" in caplog.text


def test_a_call_whose_traffic_cannot_be_written_is_not_carried_out(
    http: AppClient, call: Caller, entries: list[PendingEntry], fresh: FreshTenant, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(fresh.store.journal, "write", Failing()):
        answer = http.post("/send-sms.json", data=HELLO)
    assert (answer.status_code, answer.text) == (500, ENVELOPES["json"])
    assert [(entry.method, entry.code) for entry in build_entries(entries)] == [("send-sms", "FAILED")]
    assert call.ok("get-balance")["balance"] == 1000
    assert "an error in the sandbox" in caplog.text


def test_an_entry_that_cannot_be_built_is_reduced_to_its_outcome(
    http: AppClient, entries: list[PendingEntry], caplog: pytest.LogCaptureFixture
) -> None:
    assert http.post("/send-sms.json", data=HELLO).status_code == 200
    with patch.object(pending_entries, "_entry_maker", lambda: Failing()):
        (entry,) = build_entries(entries)
    assert (entry.method, entry.code, entry.status, entry.request) == ("send-sms", "SUCCESS", 200, "{}")
    assert entry == traffic_entry.make_bare_entry(entries[0].args[0])
    assert "an error in the sandbox" in caplog.text


@pytest.mark.parametrize("fmt", ENVELOPES)
def test_an_error_after_a_call_is_an_api_error(fresh: FreshTenant, fmt: str) -> None:
    app = Starlette(routes=[ApiRoute(Api(fresh.store, None))], exception_handlers={Exception: failure})
    client = AppClient(app)
    client.auth = (KEY, SECRET)
    with patch.object(routes, "_read_body", Failing()), pytest.raises(RuntimeError, match="an error in the sandbox"):
        client.get(f"/get-balance.{fmt}")
