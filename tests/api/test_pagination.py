"""Pages: their size, their rows, and their info."""

from typing import Any

import pytest

from sms_sandbox.store import contacts
from tests.api.tenant_setup import set_account, set_tenant
from tests.conftest import Caller, FreshTenant


@pytest.fixture
def lists(fresh: FreshTenant) -> list[str]:
    """Names of the account's 61 lists, in order."""
    names = [f"list no {number}" for number in range(61)]
    with fresh.store.begin() as db:
        for name in names:
            contacts.add_list(db, fresh.tenant, fresh.account.id, name, {}, None)
    return names


def names(reply: Any) -> list[str]:
    return [each["name"] for each in reply.get("lists", [])]


@pytest.mark.parametrize(
    ("asked", "first", "last", "count", "number"),
    [
        ({}, 0, 25, 3, 1),
        ({"page": 2}, 25, 50, 3, 2),
        ({"page": 3}, 50, 61, 3, 3),
        ({"page": 4}, 61, 61, 3, 4),
        ({"page": 10**14}, 61, 61, 3, 10**14),
        ({"max": 10}, 0, 10, 7, 1),
        ({"max": 10, "page": 7}, 60, 61, 7, 7),
        ({"max": 61}, 0, 61, 1, 1),
        ({"max": 60, "page": 2}, 60, 61, 2, 2),
        ({"max": 100}, 0, 61, 1, 1),
        ({"max": 1000}, 0, 61, 1, 1),
        ({"max": 1, "page": 61}, 60, 61, 61, 61),
        ({"max": "", "page": ""}, 0, 25, 3, 1),
        ({"max": 0, "page": 0}, 0, 25, 3, 1),
        ({"max": -5, "page": -1}, 0, 25, 3, 1),
        ({"max": "ten", "page": "one"}, 0, 25, 3, 1),
        ({"max": "1.5", "page": "1.5"}, 0, 25, 3, 1),
    ],
)
def test_pages_have_their_items_and_numbers(
    call: Caller, lists: list[str], asked: dict[str, Any], first: int, last: int, count: int, number: int
) -> None:
    reply = call.ok("get-lists", **asked)
    assert reply["page"] == {"count": count, "number": number}
    assert reply["lists_total"] == 61
    assert names(reply) == lists[first:last]
    assert ("lists" in reply) is (first < last)
    assert list(reply) == ["page", "lists_total", *(["lists"] if first < last else []), "error"]


def test_a_page_holds_at_most_a_hundred(call: Caller) -> None:
    to = ",".join(str(61412000000 + number) for number in range(101))
    sent = call.ok("send-sms", message="hi", to=to)["message_id"]
    reply = call.ok("get-sms-sent", message_id=sent, max=500)
    assert (reply["page"], reply["total"], len(reply["recipients"])) == ({"count": 2, "number": 1}, 101, 100)


@pytest.mark.parametrize(
    ("profile", "size"), [("seed", 25), ("vendor-2020", 10), ("legacy-2015", 10), ("live-2026", 25), ("throttle-2", 25)]
)
def test_the_profile_decides_the_page_size(call: Caller, fresh: FreshTenant, profile: str, size: int) -> None:
    set_tenant(fresh, profile=profile)
    reply = call.ok("get-numbers", filter="available")
    assert len(reply["numbers"]) == size
    assert reply["page"] == {"count": 30 // size + (30 % size > 0), "number": 1}
    assert len(call.ok("get-numbers", filter="available", max=7)["numbers"]) == 7


def test_the_account_may_have_a_page_size_of_its_own(call: Caller, fresh: FreshTenant) -> None:
    set_tenant(fresh, profile="vendor-2020")
    set_account(fresh, page_size=4)
    assert len(call.ok("get-numbers", filter="available")["numbers"]) == 4
    assert len(call.ok("get-numbers", filter="available", max=5)["numbers"]) == 5
    set_account(fresh, page_size=0)
    assert len(call.ok("get-numbers", filter="available")["numbers"]) == 10


@pytest.mark.parametrize(
    ("method", "params", "total", "items"),
    [
        ("get-lists", {}, "lists_total", "lists"),
        ("get-user-sms-responses", {}, "total", "responses"),
        ("get-user-sms-sent", {"start": "2020-01-01", "end": "2020-01-02"}, "total", "messages"),
    ],
)
def test_an_empty_account_has_one_empty_page(
    call: Caller, method: str, params: dict[str, str], total: str, items: str
) -> None:
    reply = call.ok(method, **params)
    assert list(reply.items())[:-1] == [("page", {"count": 1, "number": 1}), (total, 0)]
    assert f"<{items}>" not in call.http.post(f"/{method}.xml", data=params).text
    assert call.ok(method, **params, page=3)["page"] == {"count": 1, "number": 3}
