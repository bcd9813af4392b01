"""Calls that are carried out or refused, and unexpected errors."""

from base64 import b64encode
from typing import Annotated, TypedDict
from unittest.mock import patch

import pytest
from sqlalchemy import Connection

from sms_sandbox.api.answer import build_error
from sms_sandbox.api.declare import Call, find_param, method
from sms_sandbox.api.errors import ApiError, Code
from sms_sandbox.api.gate import Gate
from sms_sandbox.api.methods import sms
from sms_sandbox.api.params import Integer, Text
from sms_sandbox.api.routes import Api, load_methods
from sms_sandbox.store import contacts, tenants
from sms_sandbox.store.accounts import Account
from tests import api_calls
from tests.app_client import AppClient
from tests.conftest import KEY, SECRET, Caller, FreshTenant

FAILED = '{"error":{"code":"FAILED","description":"The request could not be carried out."}}'


class Told(TypedDict):
    count: int


@method("Tests", errors=[Code.KEY_EXISTS])
def leave(call: Call, how: Annotated[str, Text("How it ends.")], count: Annotated[int, Integer("Any.")] = 7) -> Told:
    """Write something to the database, and end as requested."""
    contacts.add_list(call.db, call.tenant, call.account.id, "left behind", {}, call.now)
    if how == "declared":
        raise ApiError(Code.KEY_EXISTS)
    if how == "undeclared":
        raise ApiError(Code.OPTOUT)
    if how == "broken":
        raise RuntimeError("an error in the sandbox")
    return {"count": count}


@pytest.fixture
def http(fresh: FreshTenant) -> AppClient:
    client = AppClient(Api(fresh.store, None, {leave.name: leave}))
    client.auth = (KEY, SECRET)
    return client


@pytest.mark.parametrize(("how", "status", "left"), [("well", 200, 1), ("declared", 400, 0)])
def test_a_refused_call_leaves_nothing_behind(http: AppClient, call: Caller, how: str, status: int, left: int) -> None:
    assert http.get("/leave.json", params={"how": how}).status_code == status
    assert call.ok("get-lists")["lists_total"] == left


@pytest.mark.parametrize("how", ["undeclared", "broken"])
def test_an_error_in_the_sandbox_is_an_api_error(
    http: AppClient, call: Caller, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    answered = http.get("/leave.json", params={"how": how})
    assert (answered.status_code, answered.text) == (500, FAILED)
    assert "<code>FAILED</code>" in http.get("/leave.xml", params={"how": how}).text
    assert call.ok("get-lists")["lists_total"] == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    assert "leave" in caplog.text


@pytest.mark.parametrize("name", ["get-balance", "send-sms"])
def test_a_call_whose_tenant_is_deleted_during_its_check_is_refused(fresh: FreshTenant, name: str) -> None:
    class Slow(Gate):
        def admit(self, db: Connection, authorization: str) -> Account:
            answer = super().admit(db, authorization)
            tenants.remove(db, fresh.tenant)
            return answer

    caller = f"Basic {b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"
    form = {"to": "61491570156", "message": "hi"}
    with patch.object(sms, "find_sender", return_value="61491570156"):  # it still existed a moment ago
        answer = api_calls.answer(fresh.store, load_methods()[name], form, caller, Slow())
    assert (answer.code, answer.account) == (Code.AUTH_FAILED, None)
    assert answer.reply == build_error(Code.AUTH_FAILED, Code.AUTH_FAILED.text)


def test_defaults_are_the_functions_own(http: AppClient) -> None:
    assert http.get("/leave.json?how=well&count=").json()["count"] == 7
    assert http.get("/leave.json?how=well&count=0").json()["count"] == 0


def test_a_parameter_without_a_kind_is_seen_when_the_method_is_declared() -> None:
    with pytest.raises(TypeError, match="has no Param"):
        find_param(Annotated[str, "no kind"])
    assert find_param(Annotated[str, Text("doc")] | None) == Text("doc")
