"""Export and import of tenants: complete, strictly checked, and beside other tenants."""

import copy
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.tenant_history import make_history

Make = Callable[..., Account]
Document = dict[str, Any]
NOON = "2030-01-31T12:00:00Z"


@pytest.fixture
def used_tenant(new_tenant: Make, receiver: Receiver) -> Iterator[Account]:
    """A tenant with data of every kind."""
    tenant = new_tenant(seed="lived", frozen_at=NOON)
    make_history(tenant, receiver)
    yield tenant
    tenant.control("DELETE", f"/tenants/{tenant.ok('GET', '/tenants/current')['name']}")


@pytest.fixture(scope="module")
def document(server: Account) -> Document:
    """The document of a tenant with one message."""
    tenant = server.tenant(frozen_at=NOON)
    tenant.send()
    response: Document = tenant.ok("GET", "/export", with_secrets="true")
    return response


def brought(server: Account, document: Document, **more: str) -> Account:
    made = server.ok("POST", "/import", {"document": document, **more})
    return Account(server.ready, made["key"], made["secret"])


def ended(tenant: Account) -> None:
    tenant.ok("DELETE", f"/tenants/{tenant.ok('GET', '/tenants/current')['name']}")


def test_an_import_equals_its_export(server: Account, used_tenant: Account, receiver: Receiver) -> None:
    before = used_tenant.control("GET", "/export", with_secrets="true").body
    ended(used_tenant)
    again = brought(server, json.loads(before))
    assert (again.key, again.secret) == (used_tenant.key, used_tenant.secret)
    assert again.control("GET", "/export", with_secrets="true").body == before
    heard = len(receiver.received)
    happened = again.ok("POST", "/clock/advance", {"days": 400})["counts"]
    assert happened["send"] == 1  # the message that is scheduled in a year
    assert happened["keyword-renewal"] > 10
    assert len(receiver.received) > heard
    assert again.send() > 0


def test_a_copy_stands_beside_its_original(server: Account, used_tenant: Account) -> None:
    document = used_tenant.ok("GET", "/export", with_secrets="true")
    name = f"copy-{time.time_ns()}"
    assert server.refused("POST", "/import", {"document": document}) == (409, "conflict")
    assert server.refused("POST", "/import", {"document": document, "name": name}) == (409, "conflict")
    copied = brought(server, document, name=name, key=f"key-{name}", secret="its own")
    other = copied.ok("GET", "/export", with_secrets="true")
    assert other["tenant"] == {**document["tenant"], "name": name}
    accounts = other["tables"].pop("accounts")
    assert other["tables"] == {each: rows for each, rows in document["tables"].items() if each != "accounts"}
    assert (accounts[0]["key"], accounts[0]["secret"]) == (f"key-{name}", "its own")
    client = Account(server.ready, accounts[1]["key"], accounts[1]["secret"])
    assert client.key != document["tables"]["accounts"][1]["key"]
    assert client.api("get-balance")["balance"] < 50
    copied.send("Only here")
    assert used_tenant.ok("GET", "/messages", text="Only here")["page"]["total"] == 0
    ended(copied)
    assert used_tenant.ok("GET", "/export", with_secrets="true") == document


def test_a_running_clock_resumes_from_the_exported_time(server: Account, tenant: Account) -> None:
    tenant.ok("POST", "/clock/advance", {"days": 500})
    document = tenant.ok("GET", "/export", with_secrets="true")
    assert document["tenant"]["clock"]["running"] is True
    ended(tenant)
    again = brought(server, document)
    now = again.ok("GET", "/clock")["now"]
    assert document["tenant"]["clock"]["now"] <= now < document["tenant"]["clock"]["now"][:8] + "99"
    sent = again.send()
    again.ok("POST", "/clock/advance", {"seconds": 2})
    assert again.ok("GET", "/recipients", message=sent)["recipients"][0]["status"] == "delivered"


def test_scheduled_events_of_an_imported_tenant_happen(server: Account, new_tenant: Make, receiver: Receiver) -> None:
    tenant = new_tenant(delivery_seconds=3)
    tenant.ok("PATCH", "/account", {"dlr_url": f"{receiver.url}/dlr"})
    tenant.send()
    document = tenant.ok("GET", "/export", with_secrets="true")
    ended(tenant)
    assert document["tables"]["recipients"][0]["status"] == "pending"
    again = brought(server, document)
    (request,) = receiver.wait_for(1)
    assert request["mobile"] == HANDSET
    assert again.ok("GET", "/recipients")["recipients"][0]["status"] == "delivered"


def test_a_document_has_nothing_of_the_server_or_of_real_time(document: Document) -> None:
    columns = {f"{name}.{column}" for name, rows in document["tables"].items() for row in rows for column in row}
    assert not {
        each
        for each in columns
        if each.endswith((".tenant", ".wake", ".latency", ".began", ".holder", ".took", ".since"))
    }
    assert "timeline.id" not in columns
    assert "throttle" not in document["tables"]


def put(path: str, value: Any) -> Callable[[Document], None]:
    """Return a function that sets the value at a path of a document. `...` removes it."""

    def change(document: Any) -> None:
        *way, last = [int(each) if each.isdigit() else each for each in path.split(".")]
        for each in way:
            document = document[each]
        if value is ...:
            del document[last]
        else:
            document[last] = value

    return change


SPEC = "document.tables.rules[0].spec: "

LIST = {
    "id": 4200001, "account": 54911, "name": "Guests", "created": None, "automation_url": "", "members_active": 0,
    "members_total": 0,
}  # fmt: skip


def rule(kind: str, match: object = None, turns: object = None, **what: Any) -> list[dict[str, Any]]:
    """Return the rows of one rule."""
    spec = json.dumps({"match": match or {}, "turns": turns or {}, "what": what})
    return [{"id": 1, "kind": kind, "position": 1, "spec": spec, "seen": 0, "used": 0, "until": None}]


def switched(enabled: object) -> list[dict[str, Any]]:
    """Return the rows of a rule whose switch says this."""
    (row,) = rule("api", on="api", status=503)
    return [{**row, "spec": json.dumps({**json.loads(row["spec"]), "enabled": enabled})}]


def twice(name: str) -> Callable[[Document], None]:
    return lambda document: document["tables"][name].append(dict(document["tables"][name][0]))


REFUSED = {
    "format": (put("format", "a recipe"), "document.format"),
    "version": (put("version", 1), "document.version is 1"),
    "no version": (put("version", ...), "version"),
    "unknown part": (put("colour", "red"), "colour"),
    "unknown setting": (put("tenant.colour", "red"), "document.tenant"),
    "profile": (put("tenant.profile", "2035"), "document.tenant.profile"),
    "seed": (put("tenant.seed", "a\x00b"), "document.tenant.seed"),
    "created": (put("tenant.created", "9999-01-01T00:00:00Z"), "document.tenant"),
    "clock": (put("tenant.clock.now", "2030-01-01T00:00:00"), "document.tenant.clock"),
    "unknown table": (put("tables.colours", []), "document.tables.colours: "),
    "missing table": (put("tables.messages", ...), "document.tables.messages: "),
    "no rows": (put("tables.messages", {}), "document.tables"),
    "no row": (put("tables.messages.0", []), "document.tables"),
    "unknown column": (put("tables.messages.0.colour", 1), "document.tables.messages[0].colour: "),
    "tenant": (put("tables.messages.0.tenant", 1), "document.tables.messages[0].tenant: "),
    "missing column": (put("tables.messages.0.cost", ...), "document.tables.messages[0].cost: "),
    "text for number": (put("tables.messages.0.cost", "1"), "document.tables.messages[0].cost: "),
    "number for text": (put("tables.messages.0.text", 1), "document.tables.messages[0].text: "),
    "yes for number": (put("tables.messages.0.cost", True), "document.tables.messages[0].cost: "),
    "fraction": (put("tables.messages.0.cost", 1.5), "document.tables.messages[0].cost: "),
    "null": (put("tables.messages.0.cost", None), "document.tables.messages[0].cost: "),
    "nested": (put("tables.messages.0.text", ["x"]), "document.tables.messages[0].text: "),
    "too great": (put("tables.messages.0.created", 2**60), "document.tables.messages[0].created: "),
    "huge": (put("tables.messages.0.created", 10**40), "document"),
    "too long": (put("tables.messages.0.type", "x" * 13), "document.tables.messages[0].type: "),
    "NUL": (put("tables.messages.0.text", "a\x00"), "document.tables.messages[0].text: "),
    "half a character": (put("tables.traffic.0.hints", '["\\ud800"]'), "document.tables.traffic[0].hints: "),
    "half a name": (put("tables.traffic.0.request", '{"\\ud800": "1"}'), "document.tables.traffic[0].request: "),
    "NUL in JSON": (put("tables.traffic.0.request", '{"a": "\\u0000"}'), "document.tables.traffic[0].request: "),
    "URL": (put("tables.messages.0.dlr_url", "http://["), "document.tables.messages[0].dlr_url: "),
    "account's URL": (put("tables.accounts.0.reply_url", "mailto:a"), "document.tables.accounts[0].reply_url: "),
    "flag": (put("tables.numbers.0.shared", 2), "document.tables.numbers[0].shared: "),
    "number": (put("tables.numbers.0.number", "6149x"), "document.tables.numbers[0].number: "),
    "data": (put("tables.timeline.0.data", "[]"), "document.tables.timeline[0].data: "),
    "event's data": (put("tables.timeline.0.data", '{"colour": 1}'), "document.tables.timeline[0].data.colour: "),
    "negative": (put("tables.messages.0.parts", -1), "document.tables.messages[0].parts: "),
    "kind": (put("tables.timeline.0.kind", "party"), "document.tables.timeline[0].kind: "),
    "hints": (put("tables.traffic.0.hints", '{"a": 1}'), "document.tables.traffic[0].hints: "),
    "slots": (put("tables.lists", [{**LIST, "fields": '{"City": "1"}'}]), "document.tables.lists[0].fields: "),
    "request": (put("tables.traffic.0.request", "[]"), "document.tables.traffic[0].request: "),
    "no journal": (put("tables.journals", []), "document.tables.journals: "),
    "two journals": (twice("journals"), "document.tables.journals: "),
    "row twice": (twice("messages"), "document.tables.messages[1]: "),
    "no account": (put("tables.accounts", []), "document.tables.accounts: "),
    "no parent": (put("tables.accounts.0.parent", 7), "document.tables.accounts[0].parent: "),
    "stranger's": (put("tables.messages.0.account", 7), "document.tables.messages[0].account: "),
    "scenario": (put("tables.rules", rule("carrier", scenario="party", options={})), SPEC),
    "no scenario": (put("tables.rules", rule("carrier", status=503)), SPEC),
    "fault": (put("tables.rules", rule("api", on="api", status=200)), SPEC),
    "other fault": (put("tables.rules", rule("api", on="callback", callback="drop")), SPEC),
    "match": (put("tables.rules", rule("api", {"sender": 5}, on="api", status=503)), SPEC),
    "turns": (put("tables.rules", rule("api", None, {"nth": "2"}, on="api", status=503)), SPEC),
    "switch": (put("tables.rules", switched("maybe")), SPEC),
    "strange rule": (put("tables.rules", rule("party", on="api", status=503)), SPEC),
    "counter": (put("tables.counters.0.kind", "colour"), "document.tables.counters: "),
    "counted back": (put("tables.counters", []), "document.tables.counters: "),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_impossible_document_is_refused_with_the_place(server: Account, document: Document, case: str) -> None:
    change, path = REFUSED[case]
    wrong = copy.deepcopy(document)
    change(wrong)
    before = server.ok("GET", "/tenants", max=1)["page"]["total"]
    answer = server.control("POST", "/import", {"document": wrong, "name": "wrong", "key": "wrong"})
    assert (answer.status, answer.code) == (422, "invalid"), answer.body
    message = answer.json["error"]["message"]
    assert path in message
    assert "matching regex" not in message
    assert message.endswith(".")
    assert server.ok("GET", "/tenants", max=1)["page"]["total"] == before


@pytest.mark.parametrize("raw", [b"{}", b'{"document": 5}', b'{"document": []}', b'{"document": null}'])
def test_an_invalid_document_is_refused(server: Account, raw: bytes) -> None:
    assert server.refused("POST", "/import", raw) == (422, "invalid")


def test_endless_nesting_is_refused(server: Account) -> None:
    heading = b'{"document": {"format": "sms-sandbox tenant", "version": 2, "tables": '
    status, code = server.refused("POST", "/import", heading + b"[" * 100_000)
    assert (status, code) in {(400, "bad_body"), (422, "invalid")}


def test_a_document_may_be_larger_than_other_bodies(server: Account, document: Document) -> None:
    large = copy.deepcopy(document)
    large["tables"]["messages"][0]["text"] = "x" * (3 << 20)
    key = f"large-{time.time_ns()}"
    tenant = brought(server, large, name=key, key=key)
    assert tenant.ok("GET", "/export", with_secrets="true")["tables"]["messages"] == large["tables"]["messages"]
    ended(tenant)


def test_the_traffic_is_imported_and_its_ids_continue(server: Account, new_tenant: Make) -> None:
    tenant = new_tenant(frozen_at=NOON)
    tenant.send("Before")
    Account(tenant.ready, tenant.key, "wrong").api("get-balance")
    tenant.refused("POST", "/inbound", {"from": "61491570999", "text": "lost"})
    response = [{**each, "took_ms": None} for each in tenant.ok("GET", "/traffic")["entries"]]
    document = tenant.ok("GET", "/export", with_secrets="true")
    ended(tenant)
    again = brought(server, document)
    assert again.ok("GET", "/traffic")["entries"] == response
    again.send("After")
    assert [each["id"] for each in again.ok("GET", "/traffic")["entries"]] == [4, 3, 2, 1]
    assert again.ok("POST", "/verify", {"of": "calls", "count": 2, "where": {"code": "SUCCESS"}})["ok"]


@pytest.mark.parametrize("reply", [r'"\ud800"', r'{"error": {"\udfff": 1}}', "1e400", "NaN", "[" * 5000 + "]" * 5000])
def test_replies_that_cannot_be_written_again_are_shown_as_text(
    server: Account, document: Document, reply: str
) -> None:
    changed = copy.deepcopy(document)
    row = next(each for each in changed["tables"]["traffic"] if each["kind"] == "call")
    row["reply"] = reply
    tenant = brought(server, changed, name="odd-reply", key="odd-reply")
    message = tenant.ok("GET", "/messages")["messages"][0]["id"]
    shown = [each["reply"] for each in tenant.ok("GET", "/traffic")["entries"]]
    tenant.ok("GET", f"/messages/{message}/reasons")
    ended(tenant)
    assert reply in shown
