"""Operations on accounts: the account of the credentials, a client's too, and all accounts of a tenant."""

from dataclasses import replace

import pytest

from tests.sandbox import HANDSET, Account

HUGE = 10**30
GYM = {"name": "Gym", "email": "gym@example.com", "password": "x", "msisdn": "61491570156"}


def client_of(tenant: Account) -> tuple[int, Account]:
    made = tenant.api("add-client", **GYM)
    return made["id"], replace(tenant, key=made["apikey"], secret=made["apisecret"])


def books(tenant: Account, account: int) -> list[float]:
    return [each["amount"] for each in tenant.api("get-transactions", client_id=account).get("transactions", [])]


def test_all_accounts_of_a_tenant_are_listed(tenant: Account) -> None:
    made, client = client_of(tenant)
    own = tenant.ok("GET", "/account")
    listed = tenant.ok("GET", "/accounts")
    assert listed["page"] == {"number": 1, "count": 1, "total": 2}
    assert listed["accounts"] == [own, client.ok("GET", "/account")]
    gym = listed["accounts"][1]
    assert (gym["id"], gym["name"], gym["key"], gym["balance"]) == (made, "Gym", client.key, 0)
    assert (gym["reseller"], gym["reseller_id"], own["reseller"], own["reseller_id"]) == (False, own["id"], True, None)
    assert client.ok("GET", "/accounts", max=1, page=2)["accounts"] == [gym]


def test_balances_are_set_by_transactions(tenant: Account) -> None:
    made, client = client_of(tenant)
    assert client.ok("PATCH", "/account", {"balance": 7.5})["balance"] == 7.5
    assert client.ok("PATCH", "/account", {"balance": 2.5, "throttle": 9})["throttle"] == 9
    assert books(tenant, made) == [-5, 7.5]
    assert client.api("get-balance")["balance"] == 2.5


def test_a_top_up_is_two_transactions(tenant: Account) -> None:
    made, client = client_of(tenant)
    assert client.ok("POST", "/account/top-up", {"amount": 5})["balance"] == 5
    assert client.ok("POST", "/account/top-up", {"amount": 5, "fee": 0})["balance"] == 10
    assert books(tenant, made) == [5, -1, 6]


@pytest.mark.parametrize("body", [{}, {"amount": 0}, {"amount": -1}, {"amount": 1, "fee": -1}, {"amount": "5"}])
def test_an_invalid_top_up_is_refused(tenant: Account, body: dict[str, object]) -> None:
    assert tenant.refused("POST", "/account/top-up", body) == (422, "invalid")


@pytest.mark.parametrize("flag", ["suspended", "reseller", "credit_based", "global_optouts"])
def test_flags_of_an_account_are_switched_on_and_off(tenant: Account, flag: str) -> None:
    _, client = client_of(tenant)
    others = tenant.ok("GET", "/account")
    before = client.ok("GET", "/account")
    assert client.ok("PATCH", "/account", {flag: True}) == before | {flag: True}
    assert client.ok("PATCH", "/account", {flag: False}) == before
    assert tenant.ok("GET", "/account") == others


def test_an_account_can_stop_being_a_reseller(tenant: Account) -> None:
    made, _ = client_of(tenant)
    tenant.ok("PATCH", "/account", {"reseller": False})
    assert tenant.api("get-client", client_id=made)["error"]["code"] == "NO_ACCESS"


def test_an_account_can_be_allowed_a_negative_balance(tenant: Account) -> None:
    _, client = client_of(tenant)
    client.ok("PATCH", "/account", {"credit_based": True})
    client.send()
    assert client.ok("GET", "/account")["balance"] == -0.087


# Settings


def test_the_account_s_settings_change_and_those_left_out_stay(tenant: Account) -> None:
    state = tenant.ok("GET", "/account")
    fresh = {
        "key": tenant.key, "currency": "AUD", "balance": 1000, "price": 0.087, "throttle": 0, "page_size": 25,
        "dlr_url": None, "reply_url": None, "link_hits_url": None, "suspended": False,
    }  # fmt: skip
    assert fresh.items() <= state.items()
    wanted = {
        "throttle": 5, "page_size": 3, "balance": -1.5, "price": 0.1, "dlr_url": "http://127.0.0.1:9/dlr",
        "reply_url": "http://127.0.0.1:9/mo", "link_hits_url": "https://localhost/hits", "suspended": True,
    }  # fmt: skip
    assert tenant.ok("PATCH", "/account", wanted) == {**state, **wanted}
    assert tenant.ok("PATCH", "/account", {}) == {**state, **wanted}
    assert tenant.api("get-balance")["error"]["code"] != "SUCCESS"
    cleared = {"page_size": None, "dlr_url": None, "reply_url": None, "link_hits_url": None, "suspended": False}
    changed = tenant.ok("PATCH", "/account", cleared)
    assert (changed["page_size"], changed["dlr_url"], changed["balance"]) == (25, None, -1.5)
    assert tenant.api("send-sms", message="hi", to=HANDSET)["error"]["code"] == "LEDGER_ERROR"


@pytest.mark.parametrize(
    "body",
    [
        {"throttle": None},
        {"throttle": HUGE},
        {"throttle": 1.5},
        {"page_size": 0},
        {"page_size": 101},
        {"balance": HUGE},
        {"balance": -HUGE},
        {"price": -0.1},
        {"price": HUGE},
        {"dlr_url": "ftp://example.com"},
        {"dlr_url": "http://"},
        {"dlr_url": "http://a b"},
        {"dlr_url": "http://a/\x00"},
        {"dlr_url": ""},
        {"reply_url": 5},
        {"suspended": "yes"},
        {"key": "mine"},
    ],
)
def test_an_invalid_setting_is_refused(tenant: Account, body: dict[str, object]) -> None:
    before = tenant.ok("GET", "/account")
    assert tenant.refused("PATCH", "/account", body) == (422, "invalid")
    assert tenant.ok("GET", "/account") == before


def test_throttles_tell_how_much_of_them_is_used(frozen: Account) -> None:
    frozen.ok("PATCH", "/account", {"throttle": 3})
    client_of(frozen)
    codes = [frozen.api("get-balance")["error"]["code"] for _ in range(3)]
    assert codes == ["SUCCESS", "SUCCESS", "OVER_LIMIT"]  # to add the client was a call, too
    own, client = frozen.ok("GET", "/throttles")["throttles"]
    assert (own["key"], own["limit"], own["used"]) == (frozen.key, 3, 3)
    assert (client["limit"], client["used"]) == (3, 0)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert [each["used"] for each in frozen.ok("GET", "/throttles")["throttles"]] == [0, 0]
