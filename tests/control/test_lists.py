"""Lists, as control shows them and sets who hears of their members."""

from tests.serving import HANDSET, Account, Receiver


def made(world: Account, name: str = "people") -> int:
    return int(world.api("add-list", name=name)["id"])


def test_lists_are_shown(world: Account) -> None:
    first, second = made(world), made(world, "others")
    world.api("add-to-list", list_id=first, msisdn=HANDSET)
    world.api("delete-from-list", list_id=first, msisdn=HANDSET)
    told = world.ok("GET", "/lists")
    assert told["page"] == {"number": 1, "count": 1, "total": 2}
    assert told["lists"][0] == {
        "id": first, "name": "people", "members_active": 0, "members_total": 1, "automation_url": None,
    }  # fmt: skip
    assert [each["id"] for each in world.ok("GET", "/lists", page=2, max=1)["lists"]] == [second]


def test_who_hears_of_members_is_set(world: Account, receiver: Receiver) -> None:
    on = made(world)
    assert world.ok("PATCH", f"/lists/{on}", {"automation_url": receiver.url})["automation_url"] == receiver.url
    world.api("add-to-list", list_id=on, msisdn=HANDSET)
    receiver.wait_for(1)
    shown = world.ok("GET", "/callbacks", event="list-action")["callbacks"]
    assert [each["msisdn"] for each in shown] == [HANDSET]
    assert world.ok("PATCH", f"/lists/{on}", {"automation_url": None})["automation_url"] is None
    world.api("delete-from-list", list_id=on, msisdn=HANDSET)
    assert world.ok("GET", "/callbacks")["page"]["total"] == 1


def test_a_list_is_its_accounts_alone(world: Account) -> None:
    made_client = world.api("add-client", name="Abc", email="abc@example.com", password="x", msisdn=HANDSET)
    client = Account(world.ready, made_client["apikey"], made_client["apisecret"])
    on = made(world)
    assert client.refused("PATCH", f"/lists/{on}", {"automation_url": "http://localhost:1/"}) == (404, "not_found")
    assert world.ok("GET", "/lists")["lists"][0]["automation_url"] is None


def test_what_can_not_be_set(world: Account) -> None:
    on = made(world)
    assert world.refused("PATCH", f"/lists/{on}", {"automation_url": "ftp://nowhere"}) == (422, "invalid")
    assert world.refused("PATCH", f"/lists/{on}", {}) == (422, "invalid")
    assert world.refused("PATCH", "/lists/1", {"automation_url": None}) == (404, "not_found")
