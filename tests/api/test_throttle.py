"""The throttle: a number of calls a second for each account."""

import time
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest

from sms_sandbox.domain.clock import Clock
from sms_sandbox.store import tenants
from sms_sandbox.store.schema import open_store
from tests.api.fault_setup import add_fault
from tests.api.tenant_setup import OTHER, OTHERS_SECRET, add_other_account, freeze, set_account, set_tenant
from tests.conftest import KEY, Caller, FreshTenant, make_tenant
from tests.store.example_rows import NOON
from tests.timing import within_a_second

OVER_LIMIT = '{"error":{"code":"OVER_LIMIT","description":"You have exceeded the request limit."}}'


def use_up(call: Caller, rate: int, *refused: Callable[[], httpx2.Response]) -> list[httpx2.Response]:
    """Make the calls that one second allows, and check that the next is refused.

    Return the responses to further calls, which are made within the same second.
    """
    calls = [lambda: call.http.get("/get-balance.json")] * (rate + 1)
    responses = within_a_second(lambda: [each() for each in (*calls, *refused)])
    assert [each.status_code for each in responses[: rate + 1]] == [200] * rate + [429]
    return responses[rate + 1 :]


def test_fifteen_are_admitted_and_the_sixteenth_is_refused(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=15)
    call = Caller(fresh.store)
    refused, as_xml = use_up(
        call, 15, lambda: call.http.post("/send-sms.json", data={"message": "hi", "to": "61491570156"}),
        lambda: call.http.get("/get-balance.xml"),
    )  # fmt: skip
    assert (refused.status_code, refused.text) == (429, OVER_LIMIT)
    assert not any(name.startswith(("retry-after", "x-ratelimit")) for name in refused.headers)
    assert (as_xml.status_code, "<code>OVER_LIMIT</code>" in as_xml.text) == (429, True)

    # The refused call sent and charged nothing. After a second, a call is admitted again.
    time.sleep(1.05)
    assert call.ok("get-balance")["balance"] == 1000
    assert call.ok("send-sms", message="hi", to="61491570156")["message_id"] == 340000001


@pytest.mark.parametrize(("limit", "named"), [(3, 3), (0, 20)])
def test_the_gateway_of_2026_answers_without_an_error_block(fresh: FreshTenant, limit: int, named: int) -> None:
    set_tenant(fresh, profile="live-2026")
    set_account(fresh, throttle=limit)
    freeze(fresh, NOON)
    call = Caller(fresh.store)
    if limit:
        use_up(call, limit)
    else:
        add_fault(fresh, error="OVER_LIMIT")
    for ending in ("json", "xml"):
        refused = call.http.get(f"/get-balance.{ending}")
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/json")
        assert refused.text == (
            f'{{"code":"429 Too Many Requests", "description":"You have exceeded the request limit of {named}r/s"}}'
        )
    assert call.http.get("/get-nothing.json").json()["error"]["code"] == "NOT_IMPLEMENTED"


def test_refused_calls_do_not_count(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=3)
    call = Caller(fresh.store)
    for second in range(3):
        with fresh.store.begin() as db:
            tenants.set_clock(db, fresh.tenant, Clock(frozen_at=NOON + timedelta(seconds=second)))
        # A client that never pauses still gets its calls in each second.
        codes = [call.http.get("/get-balance.json").status_code for _ in range(10)]
        assert codes == [200] * 3 + [429] * 7


def test_each_account_of_each_tenant_has_its_own_throttle(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=2)
    add_other_account(fresh, throttle=2)
    make_tenant(fresh.store, "elsewhere", "secret", throttle=2, name="elsewhere")
    use_up(Caller(fresh.store), 2)
    for key, secret in ((OTHER, OTHERS_SECRET), ("elsewhere", "secret")):
        assert [Caller(fresh.store, key, secret)("get-balance")["error"]["code"] for _ in range(2)] == ["SUCCESS"] * 2


def test_a_rate_of_zero_means_no_limit(fresh: FreshTenant) -> None:
    call = Caller(fresh.store)
    assert {call.http.get("/get-balance.json").status_code for _ in range(40)} == {200}


def test_calls_with_a_wrong_secret_or_an_unknown_method_do_not_count(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=1)
    call, wrong = Caller(fresh.store), Caller(fresh.store, KEY, "wrong")
    for _ in range(5):
        assert wrong.refused("get-balance")[0] == "AUTH_FAILED"
        assert call.http.get("/nonsense.json").status_code == 404
    assert call.ok("get-balance")


def test_a_changed_rate_counts_at_once(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=1)
    call = Caller(fresh.store)
    use_up(call, 1)
    set_account(fresh, throttle=0)
    assert call.ok("get-balance")


def test_all_parts_of_a_process_and_all_processes_share_one_throttle(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=2)
    first, second = Caller(fresh.store), Caller(fresh.store)
    calls = (first, second, first, second)
    codes = within_a_second(lambda: [each("get-balance")["error"]["code"] for each in calls])
    assert codes == ["SUCCESS"] * 2 + ["OVER_LIMIT"] * 2


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_another_process_throttles_the_same_account(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=2)
    other = open_store(fresh.store.engine.url.render_as_string(hide_password=False))
    calls = (Caller(fresh.store), Caller(other)) * 2
    codes = within_a_second(lambda: [each("get-balance")["error"]["code"] for each in calls])
    assert codes == ["SUCCESS"] * 2 + ["OVER_LIMIT"] * 2
    other.close()


def test_the_throttle_counts_on_a_frozen_clock(fresh: FreshTenant) -> None:
    set_account(fresh, throttle=2)
    call = Caller(fresh.store)
    with fresh.store.begin() as db:
        tenants.set_clock(db, fresh.tenant, Clock(frozen_at=NOON))
    use_up(call, 2)
    time.sleep(1.1)
    assert call.refused("get-balance")[0] == "OVER_LIMIT"
    for later, code in ((0.5, "OVER_LIMIT"), (1, "SUCCESS"), (-60, "SUCCESS")):
        with fresh.store.begin() as db:
            tenants.set_clock(db, fresh.tenant, Clock(frozen_at=NOON + timedelta(seconds=later)))
        assert call("get-balance")["error"]["code"] == code, later
