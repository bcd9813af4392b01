"""What holds for every method at once."""

import base64
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.api.answer import answer
from sms_sandbox.api.declare import ALWAYS, GATE, Method
from sms_sandbox.api.errors import Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.render import to_json, to_xml
from sms_sandbox.api.routes import methods
from sms_sandbox.store import accounts, contacts
from sms_sandbox.store.opening import open_store
from sms_sandbox.store.world import OWN_NUMBER
from tests.api.acts import advance, neighbours_call, reply, settle
from tests.api.shapes import misfit
from tests.api.spelling import as_xml_says, parsed, read_back
from tests.conftest import KEY, SECRET, Caller, World, found

CHECKED = [
    "send-sms", "cancel-sms", "format-number", "get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status",
    "get-sms-responses", "get-user-sms-responses", "get-user-sms-sent", "get-balance", "get-numbers", "add-list",
    "add-to-list", "get-list", "get-lists",
]  # fmt: skip
METHODS = methods()
ALL = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))

TO = "61491570156"
LATER = "2999-01-01"


def test_there_is_every_method_there_are_cases_of() -> None:
    assert set(CHECKED) <= set(METHODS)


@ALL
def test_names_and_words(method: Method) -> None:
    assert method.run.__name__.replace("_", "-") == method.name
    assert method.group
    first = method.doc.splitlines()[0]
    assert first.endswith(".")


@ALL
def test_every_parameter_is_described(method: Method) -> None:
    described: dict[str, Any] = {}
    for name, param in method.params.items():
        fields = param.fields(name.rstrip("_"))
        assert not set(fields) & set(described)
        described |= fields
    for schema in described.values():
        assert schema["type"]
        assert schema["description"]


@ALL
def test_required_parameters_are_those_without_a_default(method: Method) -> None:
    given = list(inspect.signature(method.run).parameters.values())[1:]
    assert list(method.params) == [each.name for each in given]
    assert list(method.required) == [each.name for each in given if each.default is inspect.Parameter.empty]


def test_the_codes_are_those_of_the_reference() -> None:
    statuses = {
        200: ["SUCCESS"], 401: ["AUTH_FAILED", "AUTH_FAILED_NO_DATA"], 404: ["NOT_IMPLEMENTED"], 429: ["OVER_LIMIT"],
        500: ["FAILED"],
        400: [
            "ACCOUNT_EXPIRED", "ALREADY_SENT", "BAD_CALLER_ID", "BAD_MOBILE", "BAD_MOBILE_COUNTRY",
            "DUPLICATE_DELETED", "FIELD_EMPTY", "FIELD_INVALID", "FIELD_UNSAFE", "KEY_EXISTS", "LEDGER_ERROR",
            "LIST_EMPTY", "MISSING_PARAM", "NOT_FOUND", "NO_ACCESS", "OPTOUT", "RECIPIENTS_ERROR",
        ],
    }  # fmt: skip
    for status, names in statuses.items():
        assert sorted(code.name for code in Code if code.status == status) == sorted(names)
    assert sum(map(len, statuses.values())) == len(Code)
    assert all(code.text for code in Code)


# Every code that a method declares can be met


@dataclass(frozen=True)
class Scene:
    """A world with something of everything in it."""

    sent: int
    scheduled: int
    foreign: int
    crowd: int
    rich: int
    empty: int
    foreign_list: int


def scene_in(world: World) -> Scene:
    call, other = Caller(world.store), neighbours_call(world)
    crowd = call.ok("add-list", name="crowd")["id"]
    rich = call.ok("add-list", name="rich", field_1="Email", field_3="Post Code")["id"]
    for number in range(61491570150, 61491570158):
        call.ok("add-to-list", list_id=crowd, msisdn=number, first_name="Kim")
    call.ok("add-to-list", list_id=rich, msisdn=TO, field_3="06000")
    message = "Hi [firstname] [tracked-link]"
    sent = call.ok("send-sms", message=message, list_id=crowd, tracked_link_url="https://a.example")["message_id"]
    advance(world, seconds=2)
    reply(world, "61491570151", "stop")
    reply(world, "61491570152", "thanks")
    reply(world, "61491570159", "0042", to=OWN_NUMBER)
    with world.store.begin() as db:
        contacts.leave(db, world.tenant, crowd, "61491570153", contacts.DELETED)
    return Scene(
        sent=sent,
        scheduled=call.ok("send-sms", message="later", to=TO, send_at=LATER)["message_id"],
        foreign=other.ok("send-sms", message="theirs", to=TO)["message_id"],
        crowd=crowd,
        rich=rich,
        empty=call.ok("add-list", name="empty")["id"],
        foreign_list=other.ok("add-list", name="theirs")["id"],
    )


@pytest.fixture
def scene(fresh: World) -> Scene:
    return scene_in(fresh)


Form = Mapping[str, Any]
HELLO = {"message": "hi"}

REFUSED: dict[tuple[str, Code], Callable[[Scene], Form]] = {
    ("send-sms", Code.FIELD_EMPTY): lambda _: {"to": TO},
    ("send-sms", Code.FIELD_INVALID): lambda _: HELLO,
    ("send-sms", Code.NOT_FOUND): lambda _: {**HELLO, "list_id": 1},
    ("send-sms", Code.NO_ACCESS): lambda at: {**HELLO, "list_id": at.foreign_list},
    ("send-sms", Code.BAD_CALLER_ID): lambda _: {**HELLO, "to": TO, "from": "BadCallerId"},
    ("send-sms", Code.LIST_EMPTY): lambda at: {**HELLO, "list_id": at.empty},
    ("send-sms", Code.RECIPIENTS_ERROR): lambda _: {**HELLO, "to": "61491570151"},
    ("send-sms", Code.LEDGER_ERROR): lambda _: {**HELLO, "to": TO},
    ("cancel-sms", Code.FIELD_EMPTY): lambda _: {},
    ("cancel-sms", Code.FIELD_INVALID): lambda _: {"id": "x"},
    ("cancel-sms", Code.NOT_FOUND): lambda _: {"id": 1},
    ("cancel-sms", Code.NO_ACCESS): lambda at: {"id": at.foreign},
    ("cancel-sms", Code.ALREADY_SENT): lambda at: {"id": at.sent},
    ("format-number", Code.FIELD_EMPTY): lambda _: {},
    ("format-number", Code.FIELD_INVALID): lambda _: {"msisdn": "x", "countrycode": "AU"},
    ("get-sms-responses", Code.FIELD_EMPTY): lambda _: {},
    ("get-sms-responses", Code.FIELD_INVALID): lambda _: {"keyword": "NEWS"},
    ("get-user-sms-responses", Code.FIELD_INVALID): lambda _: {"start": "x"},
    ("get-user-sms-sent", Code.FIELD_EMPTY): lambda _: {},
    ("get-user-sms-sent", Code.FIELD_INVALID): lambda _: {"start": "x", "end": "y"},
    ("get-numbers", Code.FIELD_INVALID): lambda _: {"filter": "x" * 300},
    ("add-list", Code.FIELD_EMPTY): lambda _: {},
    ("add-list", Code.FIELD_INVALID): lambda _: {"name": "x" * 300},
    ("add-list", Code.KEY_EXISTS): lambda _: {"name": "crowd"},
    ("get-lists", Code.FIELD_INVALID): lambda _: {"response_style": "\x00"},
    ("add-to-list", Code.BAD_MOBILE): lambda at: {"list_id": at.crowd, "msisdn": "x"},
    ("add-to-list", Code.BAD_MOBILE_COUNTRY): lambda at: {"list_id": at.crowd, "msisdn": TO, "countrycode": "x"},
    ("add-to-list", Code.KEY_EXISTS): lambda at: {"list_id": at.crowd, "msisdn": TO},
    ("add-to-list", Code.OPTOUT): lambda at: {"list_id": at.crowd, "msisdn": "61491570151"},
    ("add-to-list", Code.DUPLICATE_DELETED): lambda at: {"list_id": at.crowd, "msisdn": "61491570153"},
}  # fmt: skip
for name in ("get-sms", "get-sms-stats", "get-sms-sent", "get-sms-delivery-status", "get-sms-responses"):
    REFUSED.setdefault((name, Code.FIELD_EMPTY), lambda _: {"msisdn": TO})
    REFUSED.setdefault((name, Code.FIELD_INVALID), lambda _: {"message_id": "x", "msisdn": TO})
    REFUSED[name, Code.NOT_FOUND] = lambda _: {"message_id": 1, "msisdn": TO}
    REFUSED[name, Code.NO_ACCESS] = lambda at: {"message_id": at.foreign, "msisdn": TO}
for name in ("get-list", "add-to-list"):
    REFUSED[name, Code.FIELD_EMPTY] = lambda _: {"msisdn": TO}
    REFUSED[name, Code.FIELD_INVALID] = lambda _: {"list_id": "x", "msisdn": TO}
    REFUSED[name, Code.NOT_FOUND] = lambda _: {"list_id": 1, "msisdn": TO}
    REFUSED[name, Code.NO_ACCESS] = lambda at: {"list_id": at.foreign_list, "msisdn": TO}

UNREACHABLE = {
    ("get-balance", Code.FIELD_EMPTY): "it has no parameters",
    ("get-balance", Code.FIELD_INVALID): "it has no parameters, but for a body that can not be read",
    ("get-lists", Code.FIELD_EMPTY): "none of its parameters is required",
    ("get-numbers", Code.FIELD_EMPTY): "none of its parameters is required",
    ("get-user-sms-responses", Code.FIELD_EMPTY): "none of its parameters is required",
}
"""Codes that the parameters of every method may be refused with, but not of these."""


def test_every_code_a_method_declares_has_a_case() -> None:
    declared = {(name, code) for name in CHECKED for code in METHODS[name].errors}
    assert declared == set(REFUSED) | set(UNREACHABLE)
    assert not set(REFUSED) & set(UNREACHABLE)


def test_every_declared_code_can_be_met(call: Caller, fresh: World, scene: Scene) -> None:
    settle(fresh, balance=0)
    for (name, code), params in REFUSED.items():
        answered = call.http.post(f"/{name}.json", data={key: str(value) for key, value in params(scene).items()})
        assert list(answered.json()) == ["error"], name
        assert (answered.json()["error"]["code"], answered.status_code) == (code.name, code.status), name


# Every reply of every method

SPAN = {"start": "2020-01-01", "end": LATER}
ANSWERED: list[tuple[str, Callable[[Scene], Form]]] = [
    ("send-sms", lambda _: {**HELLO, "to": TO}),
    ("send-sms", lambda at: {**HELLO, "list_id": at.crowd}),
    ("cancel-sms", lambda at: {"id": at.scheduled}),
    ("format-number", lambda _: {"msisdn": "0491570126", "countrycode": "AU"}),
    ("format-number", lambda _: {"msisdn": "12345", "countrycode": "AU"}),
    ("get-sms", lambda at: {"message_id": at.sent}),
    ("get-sms", lambda at: {"message_id": at.scheduled}),
    ("get-sms-stats", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.sent}),
    ("get-sms-sent", lambda at: {"message_id": at.scheduled, "list_id": at.rich}),
    ("get-sms-sent", lambda at: {"message_id": at.sent, "delivery": "pending"}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.sent, "msisdn": TO}),
    ("get-sms-delivery-status", lambda at: {"message_id": at.scheduled, "msisdn": TO}),
    ("get-sms-responses", lambda at: {"message_id": at.sent, "include_original": 1}),
    ("get-sms-responses", lambda at: {"message_id": at.scheduled}),
    ("get-user-sms-responses", lambda _: {}),
    ("get-user-sms-responses", lambda _: {"include_original": "yes"}),
    ("get-user-sms-responses", lambda _: {"page": 9}),
    ("get-user-sms-sent", lambda _: SPAN),
    ("get-user-sms-sent", lambda _: {**SPAN, "msisdn": 1}),
    ("get-balance", lambda _: {}),
    ("get-numbers", lambda _: {}),
    ("get-numbers", lambda _: {"filter": "available"}),
    ("get-numbers", lambda _: {"page": 9}),
    ("add-list", lambda _: {"name": "a"}),
    ("add-list", lambda _: {"name": "b", "field_1": "Email"}),
    ("add-list", lambda _: {"name": "c", "field_1": "Email", "response_style": "array"}),
    ("add-to-list", lambda at: {"list_id": at.empty, "msisdn": TO}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570151", "field_1": "x"}),
    ("add-to-list", lambda at: {"list_id": at.rich, "msisdn": "61491570152", "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "all"}),
    ("get-list", lambda at: {"list_id": at.rich}),
    ("get-list", lambda at: {"list_id": at.rich, "response_style": "array"}),
    ("get-list", lambda at: {"list_id": at.crowd, "members": "none"}),
    ("get-lists", lambda _: {}),
    ("get-lists", lambda _: {"response_style": "array"}),
    ("get-lists", lambda _: {"page": 9}),
]
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


def check(method: Method, reply: Mapping[str, Any]) -> None:
    """Whether a reply is as its method declares, and both of its spellings say the same."""
    said = json.loads(to_json(reply))
    assert list(said)[-1] == "error"
    assert read_back(parsed(to_xml(reply)), said) == as_xml_says(said)
    if said["error"]["code"] == "SUCCESS":
        assert said["error"] == {"code": "SUCCESS", "description": "OK"}
        payload = {key: value for key, value in reply.items() if key != "error"}
        assert misfit(payload, method.returns, method.name) is None
    else:
        assert list(said) == ["error"]


def test_every_reply_is_of_its_shape_and_the_same_in_xml(fresh: World, scene: Scene) -> None:
    assert {name for name, _ in ANSWERED} == set(CHECKED)
    gate = Gate(fresh.store)
    for name, params in ANSWERED:
        form = {key: str(value) for key, value in params(scene).items()}
        found_ = answer(fresh.store, gate, METHODS[name], form, BASIC)
        assert found_.code is Code.SUCCESS, (name, found_.reply)
        check(METHODS[name], found_.reply)


def test_a_misfit_is_seen() -> None:
    declared = METHODS["get-balance"].returns
    balance, currency = accounts.NewAccount("k", "s").balance, "AUD"
    assert misfit({"currency": currency, "balance": balance}, declared, "x") is not None
    assert misfit({"balance": 1.5, "currency": currency}, declared, "x") == "x.balance is 1.5, not a Decimal"
    assert misfit({"currency": currency}, declared, "x") == "x lacks ['balance']"


# No parameters break a method


@pytest.fixture(scope="module")
def arena() -> Iterator[tuple[World, Scene]]:
    """A world with something of everything, which all examples of all methods share."""
    store = open_store("sqlite://")
    world = found(store)
    yield world, scene_in(world)
    store.close()


JUNK = st.text(max_size=12) | st.text(st.sampled_from("0123456789-:T Z+.,@"), max_size=24) | st.sampled_from(
    ["0", "1", "-1", "true", "no", "all", "array", "owned", "available", "only", "both", "\x00", "\udcff", "9" * 400,
     TO, f"+{TO}", "0491570156", "61491570151", f"{TO},61491570151,x", "AU", "Australia", "2020-01-01", LATER,
     "2026-03-01 10:00:00", "https://a.example/x?y=z", "a@b.example", "Hi [firstname] [unsub-reply-link] é😀", "MyShop",
     OWN_NUMBER, "crowd", "a" * 700]
)  # fmt: skip


@ALL
@settings(max_examples=100)
@given(data=st.data())
def test_no_parameters_break_a_method(method: Method, arena: tuple[World, Scene], data: st.DataObject) -> None:
    world, scene = arena
    known = [name for key, param in method.params.items() for name in param.fields(key.rstrip("_"))]
    ids = [str(each) for each in vars(scene).values()]
    names = st.sampled_from([*known, "message_id", "field_email", "nonsense"])
    form = data.draw(st.dictionaries(names, JUNK | st.sampled_from(ids), max_size=8))
    answered = answer(world.store, Gate(world.store), method, form, BASIC)
    assert answered.code in method.errors | {Code.SUCCESS}, answered.reply
    assert answered.code not in GATE
    check(method, answered.reply)


def test_what_every_method_may_refuse_with() -> None:
    assert all(method.errors >= ALWAYS for method in METHODS.values())
    assert not any(method.errors & (GATE | {Code.SUCCESS, Code.FAILED}) for method in METHODS.values())
