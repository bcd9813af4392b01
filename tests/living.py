"""A tenant in which something of everything happens, the same each time; its clock has to stand still."""

import re

from sms_sandbox.domain.scenarios import SCENARIOS
from tests.serving import HANDSET, Account, Receiver, fetch

OTHER = "61491570157"
LEASED = "61491570120"
NUMBER = "61491570112"
MANY = [f"6141200{number:04}" for number in range(230)]


def live(tenant: Account, receiver: Receiver) -> None:
    """Call nearly every method that changes something, and control, and let time pass."""
    account(tenant, receiver)
    people(tenant, receiver)
    tap(tenant)
    talk(tenant, receiver)
    misfortune(tenant)
    resell(tenant)
    tenant.ok("POST", "/clock/advance", {"minutes": 3})


def account(tenant: Account, receiver: Receiver) -> None:
    urls = {f"{name}_url": f"{receiver.url}/{name}?app=1" for name in ("dlr", "reply", "link_hits")}
    tenant.ok("PATCH", "/account", {**urls, "balance": 5000})
    tenant.ok("PUT", "/sender-ids/SHOP")
    done(tenant, "lease-number", number=LEASED, forward_url=f"{receiver.url}/number")
    done(tenant, "add-keyword", keyword="JOIN", number=LEASED, welcome_message="Welcome [firstname]")
    done(tenant, "add-email", email="desk@example.com", max_sms=2, number=LEASED)
    done(tenant, "edit-number-options", number=NUMBER, forward_email="desk@example.com")


def people(tenant: Account, receiver: Receiver) -> None:
    first = done(tenant, "add-list", name="Guests", **{"field.1": "Town"})["id"]
    tenant.ok("PATCH", f"/lists/{first}", {"automation_url": f"{receiver.url}/list"})
    for number, name in ((HANDSET, "Given"), (OTHER, "Abc")):
        done(tenant, "add-to-list", list_id=first, msisdn=number, first_name=name, **{"field.1": f"{name}town"})
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    receiver.files["/many.csv"] = "\n".join(["mobile", *MANY]).encode()
    everybody = done(tenant, "add-contacts-bulk", name="Everybody", file_url=f"{receiver.url}/many.csv")["list_id"]
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    gone = done(tenant, "add-list", name="Gone")["id"]
    done(tenant, "add-to-list", list_id=gone, msisdn=OTHER)
    done(tenant, "remove-list", list_id=gone)
    done(tenant, "send-sms", message="To all", list_id=everybody)
    tenant.ok("POST", "/clock/advance", {"seconds": 5})
    words = "Hello [firstname] of [Town]: [tracked-link] [unsub-reply-link]"
    done(tenant, "send-sms", message=words, list_id=first, tracked_link_url="https://example.com/")
    tenant.ok("POST", "/clock/advance", {"minutes": 1})


def tap(tenant: Account) -> None:
    """Open every tracked link there is."""
    for each in tenant.ok("GET", "/recipients", msisdn=HANDSET)["recipients"]:
        for link in re.findall(r"TapTh\.is/[0-9A-Za-z]{8}", each["text"]):
            assert fetch(f"{tenant.ready.http}/{link}").status in (200, 302)


def talk(tenant: Account, receiver: Receiver) -> None:
    tenant.send("Plain", to=f"{HANDSET},{OTHER}", dlr_callback=f"{receiver.url}/own", validity=10)
    tenant.send("Later", send_at="2031-01-31 12:00:00")
    called_off = tenant.send("Never", send_at="2031-01-31 12:00:00")
    done(tenant, "cancel-sms", id=called_off)
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes, please"})
    tenant.ok("POST", "/inbound", {"from": HANDSET, "to": LEASED, "text": "join me"})
    tenant.ok("POST", "/inbound", {"from": OTHER, "text": "STOP"})
    tenant.ok("POST", "/mails", {"from": "desk@example.com", "to": f"{HANDSET}@transmitsms.com", "text": "By mail"})
    tenant.ok("POST", "/clock/advance", {"seconds": 30})
    receiver.status = 500
    failing = tenant.send("Bounces", dlr_callback=f"{receiver.url}/fails")
    recipient = tenant.ok("GET", "/recipients", message=failing)["recipients"][0]["id"]
    tenant.ok("PUT", f"/recipients/{recipient}/fate", {"status": "hard-bounce", "after_seconds": 2})
    tenant.ok("POST", "/clock/advance", {"minutes": 2})
    receiver.status = 200
    tenant.ok("POST", "/clock/advance", {"minutes": 2})


def misfortune(tenant: Account) -> None:
    """Send to a number of each scenario, and to others that rules choose scenarios for."""
    tenant.send("Magic", to=",".join(each.numbers[0] for each in SCENARIOS))
    tenant.ok("POST", "/rules", {"match": {"to": "6141200*"}, "share": 0.5, "scenario": "flaky"})
    tenant.ok("POST", "/rules", {"match": {"sender": "SHOP"}, "count": 2, "scenario": "report-twice"})
    tenant.send("Long", to=",".join(MANY))
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    tenant.send("From a word", to=",".join(MANY[:3]), from_="SHOP")
    tenant.ok("POST", "/clock/advance", {"hours": 73})


def resell(tenant: Account) -> None:
    made = done(
        tenant, "add-client", name="Gym", email="gym@example.com", password="secret-word", msisdn=OTHER, sms_margin=1
    )
    client = Account(tenant.ready, str(made["apikey"]), str(made["apisecret"]))
    client.ok("POST", "/account/top-up", {"amount": 50})
    client.send("From the gym")
    done(client, "add-list", name="Members")
    done(client, "lease-number", number="61491570121")
    done(client, "add-keyword", keyword="GYM", number="61491570121")


def done(tenant: Account, method: str, **params: object) -> dict[str, object]:
    reply: dict[str, object] = tenant.api(method, **params)
    assert reply["error"] == {"code": "SUCCESS", "description": "OK"}, (method, reply)
    return reply
