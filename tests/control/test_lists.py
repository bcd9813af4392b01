"""Operations on contact lists: listed, and given a callback URL."""

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account


def new_list(tenant: Account, name: str = "people") -> int:
    return int(tenant.api("add-list", name=name)["id"])


def test_lists_are_listed(tenant: Account) -> None:
    first, second = new_list(tenant), new_list(tenant, "others")
    tenant.api("add-to-list", list_id=first, msisdn=HANDSET)
    tenant.api("delete-from-list", list_id=first, msisdn=HANDSET)
    response = tenant.ok("GET", "/lists")
    assert response["page"] == {"number": 1, "count": 1, "total": 2}
    assert response["lists"][0] == {
        "id": first, "name": "people", "members_active": 0, "members_total": 1, "automation_url": None,
    }  # fmt: skip
    assert [each["id"] for each in tenant.ok("GET", "/lists", page=2, max=1)["lists"]] == [second]


def test_the_automation_url_is_set(tenant: Account, receiver: Receiver) -> None:
    list_id = new_list(tenant)
    assert tenant.ok("PATCH", f"/lists/{list_id}", {"automation_url": receiver.url})["automation_url"] == receiver.url
    tenant.api("add-to-list", list_id=list_id, msisdn=HANDSET)
    receiver.wait_for(1)
    shown = tenant.ok("GET", "/callbacks", event="list-action")["callbacks"]
    assert [each["msisdn"] for each in shown] == [HANDSET]
    assert tenant.ok("PATCH", f"/lists/{list_id}", {"automation_url": None})["automation_url"] is None
    tenant.api("delete-from-list", list_id=list_id, msisdn=HANDSET)
    assert tenant.ok("GET", "/callbacks")["page"]["total"] == 1


def test_a_list_cannot_be_changed_by_another_account(tenant: Account) -> None:
    made_client = tenant.api("add-client", name="Abc", email="abc@example.com", password="x", msisdn=HANDSET)
    client = Account(tenant.ready, made_client["apikey"], made_client["apisecret"])
    list_id = new_list(tenant)
    assert client.refused("PATCH", f"/lists/{list_id}", {"automation_url": "http://localhost:1/"}) == (404, "not_found")
    assert tenant.ok("GET", "/lists")["lists"][0]["automation_url"] is None


def test_invalid_list_settings_are_refused(tenant: Account) -> None:
    list_id = new_list(tenant)
    assert tenant.refused("PATCH", f"/lists/{list_id}", {"automation_url": "ftp://nowhere"}) == (422, "invalid")
    assert tenant.refused("PATCH", f"/lists/{list_id}", {}) == (422, "invalid")
    assert tenant.refused("PATCH", "/lists/1", {"automation_url": None}) == (404, "not_found")
