"""A world in which something of everything happens, the same each time; its clock has to stand still."""

import re

from sms_sandbox.domain.scenarios import SCENARIOS
from tests.serving import HANDSET, Account, Receiver, fetch

OTHER = "61491570157"
LEASED = "61491570120"
NUMBER = "61491570112"
MANY = [f"6141200{number:04}" for number in range(230)]


def live(world: Account, receiver: Receiver) -> None:
    """Call nearly every method that changes something, and control, and let time pass."""
    account(world, receiver)
    people(world, receiver)
    tap(world)
    talk(world, receiver)
    misfortune(world)
    resell(world)
    world.ok("POST", "/clock/advance", {"minutes": 3})


def account(world: Account, receiver: Receiver) -> None:
    urls = {f"{name}_url": f"{receiver.url}/{name}?app=1" for name in ("dlr", "reply", "link_hits")}
    world.ok("PATCH", "/account", {**urls, "balance": 5000})
    world.ok("PUT", "/sender-ids/SHOP")
    done(world, "lease-number", number=LEASED, forward_url=f"{receiver.url}/number")
    done(world, "add-keyword", keyword="JOIN", number=LEASED, welcome_message="Welcome [firstname]")
    done(world, "add-email", email="desk@example.com", max_sms=2, number=LEASED)
    done(world, "edit-number-options", number=NUMBER, forward_email="desk@example.com")


def people(world: Account, receiver: Receiver) -> None:
    first = done(world, "add-list", name="Guests", **{"field.1": "Town"})["id"]
    world.ok("PATCH", f"/lists/{first}", {"automation_url": f"{receiver.url}/list"})
    for number, name in ((HANDSET, "Given"), (OTHER, "Abc")):
        done(world, "add-to-list", list_id=first, msisdn=number, first_name=name, **{"field.1": f"{name}town"})
    world.ok("POST", "/clock/advance", {"seconds": 1})
    receiver.files["/many.csv"] = "\n".join(["mobile", *MANY]).encode()
    everybody = done(world, "add-contacts-bulk", name="Everybody", file_url=f"{receiver.url}/many.csv")["list_id"]
    world.ok("POST", "/clock/advance", {"seconds": 1})
    gone = done(world, "add-list", name="Gone")["id"]
    done(world, "add-to-list", list_id=gone, msisdn=OTHER)
    done(world, "remove-list", list_id=gone)
    done(world, "send-sms", message="To all", list_id=everybody)
    world.ok("POST", "/clock/advance", {"seconds": 5})
    words = "Hello [firstname] of [Town]: [tracked-link] [unsub-reply-link]"
    done(world, "send-sms", message=words, list_id=first, tracked_link_url="https://example.com/")
    world.ok("POST", "/clock/advance", {"minutes": 1})


def tap(world: Account) -> None:
    """Open every tracked link there is."""
    for each in world.ok("GET", "/recipients", msisdn=HANDSET)["recipients"]:
        for link in re.findall(r"TapTh\.is/[0-9A-Za-z]{8}", each["text"]):
            assert fetch(f"{world.ready.http}/{link}").status in (200, 302)


def talk(world: Account, receiver: Receiver) -> None:
    world.send("Plain", to=f"{HANDSET},{OTHER}", dlr_callback=f"{receiver.url}/own", validity=10)
    world.send("Later", send_at="2031-01-31 12:00:00")
    called_off = world.send("Never", send_at="2031-01-31 12:00:00")
    done(world, "cancel-sms", id=called_off)
    world.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes, please"})
    world.ok("POST", "/inbound", {"from": HANDSET, "to": LEASED, "text": "join me"})
    world.ok("POST", "/inbound", {"from": OTHER, "text": "STOP"})
    world.ok("POST", "/mails", {"from": "desk@example.com", "to": f"{HANDSET}@transmitsms.com", "text": "By mail"})
    world.ok("POST", "/clock/advance", {"seconds": 30})
    receiver.status = 500
    failing = world.send("Bounces", dlr_callback=f"{receiver.url}/fails")
    recipient = world.ok("GET", "/recipients", message=failing)["recipients"][0]["id"]
    world.ok("PUT", f"/recipients/{recipient}/fate", {"status": "hard-bounce", "after_seconds": 2})
    world.ok("POST", "/clock/advance", {"minutes": 2})
    receiver.status = 200
    world.ok("POST", "/clock/advance", {"minutes": 2})


def misfortune(world: Account) -> None:
    """Send to a number of each scenario, and to others that rules choose scenarios for."""
    world.send("Magic", to=",".join(each.numbers[0] for each in SCENARIOS))
    world.ok("POST", "/rules", {"match": {"to": "6141200*"}, "share": 0.5, "scenario": "flaky"})
    world.ok("POST", "/rules", {"match": {"sender": "SHOP"}, "count": 2, "scenario": "report-twice"})
    world.send("Long", to=",".join(MANY))
    world.ok("POST", "/clock/advance", {"seconds": 1})
    world.send("From a word", to=",".join(MANY[:3]), from_="SHOP")
    world.ok("POST", "/clock/advance", {"hours": 73})


def resell(world: Account) -> None:
    made = done(
        world, "add-client", name="Gym", email="gym@example.com", password="secret-word", msisdn=OTHER, sms_margin=1
    )
    client = Account(world.ready, str(made["apikey"]), str(made["apisecret"]))
    client.ok("POST", "/account/top-up", {"amount": 50})
    client.send("From the gym")
    done(client, "add-list", name="Members")
    done(client, "lease-number", number="61491570121")
    done(client, "add-keyword", keyword="GYM", number="61491570121")


def done(world: Account, method: str, **params: object) -> dict[str, object]:
    reply: dict[str, object] = world.api(method, **params)
    assert reply["error"] == {"code": "SUCCESS", "description": "OK"}, (method, reply)
    return reply
