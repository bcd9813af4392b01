"""Properties of all methods."""

import inspect
import json
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_sandbox.api.declare import ALWAYS, GATE, Method
from sms_sandbox.api.errors import Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.methods.numbers import Leased
from sms_sandbox.api.render import to_json, to_xml
from sms_sandbox.api.routes import load_methods
from sms_sandbox.services.new_tenant import OWN_NUMBER
from sms_sandbox.store import accounts
from sms_sandbox.store.schema import open_store
from tests import api_calls
from tests.api import cases, refusals
from tests.api.cases import ANSWERED
from tests.api.refusals import REFUSED, Refused
from tests.api.scenes import CLIENTS_SECRET, LATER, TO, Scene, build_scene
from tests.api.shapes import find_mismatch, list_branches, list_taken
from tests.api.tenant_setup import BASIC, set_account, set_tenant
from tests.api.xml_values import parse_xml, read_back, to_xml_value
from tests.conftest import Caller, FreshTenant, make_tenant

METHODS = load_methods()
ALL = pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))


@ALL
def test_every_method_has_its_name_group_and_description(method: Method) -> None:
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


@pytest.fixture
def scene(fresh: FreshTenant) -> Scene:
    return build_scene(fresh)


def test_every_code_a_method_declares_has_a_case() -> None:
    assert set(REFUSED) | set(refusals.TO_CLIENTS) == {
        (method.name, code) for method in METHODS.values() for code in method.errors
    }
    assert not set(REFUSED) & set(refusals.TO_CLIENTS)


def test_every_declared_code_can_be_met(call: Caller, fresh: FreshTenant, scene: Scene) -> None:
    set_account(fresh, balance=0)
    check_refusals(call, REFUSED, scene)
    check_refusals(Caller(fresh.store, scene.clients_key, CLIENTS_SECRET), refusals.TO_CLIENTS, scene)


def check_refusals(call: Caller, refused: Refused, scene: Scene) -> None:
    for (name, code), params in refused.items():
        form = params(scene)
        codes = [
            call.http.post(f"/{name}.{ending}", content=b"x", headers={"content-type": "multipart/form-data"})
            if form is None
            else call.http.post(f"/{name}.{ending}", data={key: str(value) for key, value in form.items()})
            for ending in ("json", "xml")
        ]
        assert list(codes[0].json()) == ["error"], name
        assert (codes[0].json()["error"]["code"], codes[0].status_code) == (code.name, code.status), name
        assert codes[1].status_code == code.status, name
        assert read_back(parse_xml(codes[1].content), codes[0].json()) == to_xml_value(codes[0].json())


# Every reply of every method

AUTHORIZATION = BASIC[1].decode()
RETURNS: Mapping[tuple[str, str], Any] = {("get-number", "legacy-2015"): Leased}
"""Replies whose keys are in another order in one of the profiles."""

UNSEEN = {
    ("add-client.apisecret", "null"): "only the control API makes clients without a secret",
    ("add-list.created", "null"): "only keywords make lists that do not tell when they were made",
    ("add-to-list.country", "null"): "only in the profile of 2026, for a number of no country",
    ("add-to-list.country", "not null"): "only in the profile of 2026",
    ("add-to-list.country", "there"): "only in the profile of 2026",
    ("get-sms.message", "missing"): "only in the profile of 2015",
    ("lease-number.next_charge", "null"): "only get-number of 2015 tells of an inactive number in this order",
}
"""Branches of replies that no case meets."""


def check(method: Method, reply: Mapping[str, Any], profile: str = "seed") -> None:
    """Check a response's type, and that its JSON and XML say the same."""
    parsed = json.loads(to_json(reply))
    assert list(parsed)[-1] == "error"
    assert read_back(parse_xml(to_xml(reply)), parsed) == to_xml_value(parsed)
    if parsed["error"]["code"] == "SUCCESS":
        assert parsed["error"] == {"code": "SUCCESS", "description": "OK"}
        assert (
            find_mismatch(payload_of(reply), RETURNS.get((method.name, profile), method.returns), method.name) is None
        )
    else:
        assert list(parsed) == ["error"]


def payload_of(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in reply.items() if key != "error"}


def answers_in(fresh: FreshTenant, scene: Scene) -> Iterator[tuple[Method, Mapping[str, Any]]]:
    """Yield the responses to all calls that must succeed."""
    gate = Gate()
    calls = [(AUTHORIZATION, *case) for case in ANSWERED]
    clients = "Basic " + b64encode(f"{scene.clients_key}:{CLIENTS_SECRET}".encode()).decode()
    calls += [(clients, *case) for case in cases.TO_CLIENTS]
    for authorization, name, params in calls:
        form = {key: str(value) for key, value in params(scene).items()}
        answer = api_calls.answer(fresh.store, METHODS[name], form, authorization, gate)
        assert answer.code is Code.SUCCESS, (name, form, answer.reply)
        yield METHODS[name], answer.reply


@pytest.mark.parametrize("profile", ["seed", "legacy-2015", "live-2026"])
def test_every_reply_is_of_its_shape_and_the_same_in_xml(fresh: FreshTenant, scene: Scene, profile: str) -> None:
    set_tenant(fresh, profile=profile)
    for method, reply in answers_in(fresh, scene):
        check(method, reply, profile)


def test_every_method_has_a_case_of_each_form_its_reply_can_have(fresh: FreshTenant, scene: Scene) -> None:
    met: dict[str, set[tuple[str, str]]] = {}
    for method, reply in answers_in(fresh, scene):
        met.setdefault(method.name, set()).update(list_taken(payload_of(reply), method.returns, method.name))
    assert set(METHODS) - set(met) == {
        name for name, method in METHODS.items() if Code.NOT_IMPLEMENTED in method.errors
    }
    missed = {branch for name in met for branch in list_branches(METHODS[name].returns, name) - met[name]}
    assert sorted(missed) == sorted(UNSEEN)


def test_a_reply_of_another_shape_is_reported() -> None:
    declared = METHODS["get-balance"].returns
    balance, currency = accounts.NewAccount("k", "s").balance, "AUD"
    assert find_mismatch({"currency": currency, "balance": balance}, declared, "x") is not None
    assert find_mismatch({"balance": 1.5, "currency": currency}, declared, "x") == "x.balance is 1.5, not a Decimal"
    assert find_mismatch({"currency": currency}, declared, "x") == "x lacks ['balance']"


# No parameters break a method


@pytest.fixture(scope="module")
def arena() -> Iterator[tuple[FreshTenant, Scene]]:
    """A tenant with data of every kind, shared by all examples of all methods."""
    store = open_store("sqlite://")
    fresh = make_tenant(store)
    yield fresh, build_scene(fresh)
    store.close()


ODD_WORDS = [
    "0", "1", "-1", "true", "no", "all", "array", "owned", "available", "only", "both", "\x00", "\udcff", "9" * 400,
    TO, f"+{TO}", "0491570156", "61491570151", f"{TO},61491570151,x", "AU", "Australia", "2020-01-01", LATER,
    "2026-03-01 10:00:00", "https://a.example/x?y=z", "a@b.example", "Hi [firstname] [unsub-reply-link] é😀", "MyShop",
    OWN_NUMBER, "crowd", "a" * 700,
]  # fmt: skip
CHARACTERS = [(0x20, 0x7E), (0x00, 0x1F), (0x7F, 0xFF), (0x100, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
"""Ranges of code points, each as frequent as the others. Surrogates alone are among the odd words."""


def random_value(random: Random, others: Sequence[str], ids: Sequence[str]) -> str:
    """Return a value of any kind, or one that another parameter has."""
    match random.randrange(5):
        case 0:
            return "".join(chr(random.randint(*random.choice(CHARACTERS))) for _ in range(random.randint(0, 12)))
        case 1:
            return "".join(random.choices("0123456789-:T Z+.,@", k=random.randint(0, 24)))
        case 2:
            return random.choice(ODD_WORDS)
        case 3:
            return random.choice(ids)
        case _:
            return random.choice(others or ODD_WORDS)


def random_form(random: Random, names: Sequence[str], ids: Sequence[str]) -> dict[str, str]:
    """Return up to eight parameters."""
    form: dict[str, str] = {}
    for name in random.sample(names, random.randint(0, min(8, len(names)))):
        form[name] = random_value(random, list(form.values()), ids)
    return form


# A form is drawn from one seed. If Hypothesis drew it piece by piece, that would take most of this test's time.
@ALL
@settings(max_examples=100)
@given(random=st.randoms(use_true_random=True))
def test_no_parameters_break_a_method(method: Method, arena: tuple[FreshTenant, Scene], random: Random) -> None:
    fresh, scene = arena
    known = [name for key, param in method.params.items() for name in param.fields(key.rstrip("_"))]
    form = random_form(
        random, [*known, "message_id", "field_email", "nonsense"], [str(each) for each in vars(scene).values()]
    )
    answered = api_calls.answer(fresh.store, method, form, AUTHORIZATION)
    assert answered.code in method.errors | {Code.SUCCESS}, (form, answered.reply)
    assert answered.code not in GATE
    check(method, answered.reply)


def test_errors_that_every_method_declares() -> None:
    assert all(method.errors >= ALWAYS for method in METHODS.values())
    assert not any(method.errors & (GATE | {Code.SUCCESS, Code.FAILED}) for method in METHODS.values())
