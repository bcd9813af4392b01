"""A history with something of everything, the same each time.

The clock of the tenant must be frozen.
"""

import re

from sms_sandbox.domain.scenarios import SCENARIOS
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account, fetch

OTHER = "61491570157"
LEASED = "61491570120"
NUMBER = "61491570112"
MANY = [f"6141200{number:04}" for number in range(230)]


def make_history(tenant: Account, receiver: Receiver) -> None:
    """Call nearly every method that changes something, and control, and move the clock."""
    _set_up_account(tenant, receiver)
    _make_lists(tenant, receiver)
    _open_links(tenant)
    _exchange_messages(tenant, receiver)
    _run_scenarios(tenant)
    _resell(tenant)
    tenant.ok("POST", "/clock/advance", {"minutes": 3})


def _set_up_account(tenant: Account, receiver: Receiver) -> None:
    urls = {f"{name}_url": f"{receiver.url}/{name}?app=1" for name in ("dlr", "reply", "link_hits")}
    tenant.ok("PATCH", "/account", {**urls, "balance": 5000})
    tenant.ok("PUT", "/sender-ids/SHOP")
    tenant.api_ok("lease-number", number=LEASED, forward_url=f"{receiver.url}/number")
    tenant.api_ok("add-keyword", keyword="JOIN", number=LEASED, welcome_message="Welcome [firstname]")
    tenant.api_ok("add-email", email="desk@example.com", max_sms=2, number=LEASED)
    tenant.api_ok("edit-number-options", number=NUMBER, forward_email="desk@example.com")


def _make_lists(tenant: Account, receiver: Receiver) -> None:
    guests = tenant.api_ok("add-list", name="Guests", **{"field.1": "Town"})["id"]
    tenant.ok("PATCH", f"/lists/{guests}", {"automation_url": f"{receiver.url}/list"})
    for number, name in ((HANDSET, "Given"), (OTHER, "Abc")):
        tenant.api_ok("add-to-list", list_id=guests, msisdn=number, first_name=name, **{"field.1": f"{name}town"})
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    receiver.files["/many.csv"] = "\n".join(["mobile", *MANY]).encode()
    everybody = tenant.api_ok("add-contacts-bulk", name="Everybody", file_url=f"{receiver.url}/many.csv")["list_id"]
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    gone = tenant.api_ok("add-list", name="Gone")["id"]
    tenant.api_ok("add-to-list", list_id=gone, msisdn=OTHER)
    tenant.api_ok("remove-list", list_id=gone)
    tenant.api_ok("send-sms", message="To all", list_id=everybody)
    tenant.ok("POST", "/clock/advance", {"seconds": 5})
    words = "Hello [firstname] of [Town]: [tracked-link] [unsub-reply-link]"
    tenant.api_ok("send-sms", message=words, list_id=guests, tracked_link_url="https://example.com/")
    tenant.ok("POST", "/clock/advance", {"minutes": 1})


def _open_links(tenant: Account) -> None:
    """Open every tracked link of one handset."""
    for recipient in tenant.ok("GET", "/recipients", msisdn=HANDSET)["recipients"]:
        for link in re.findall(r"TapTh\.is/[0-9A-Za-z]{8}", recipient["text"]):
            assert fetch(f"{tenant.ready.http}/{link}").status in (200, 302)


def _exchange_messages(tenant: Account, receiver: Receiver) -> None:
    tenant.send("Plain", to=f"{HANDSET},{OTHER}", dlr_callback=f"{receiver.url}/own", validity=10)
    tenant.send("Later", send_at="2031-01-31 12:00:00")
    cancelled = tenant.send("Never", send_at="2031-01-31 12:00:00")
    tenant.api_ok("cancel-sms", id=cancelled)
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


def _run_scenarios(tenant: Account) -> None:
    """Send to a number of each scenario, and to others that carrier rules match."""
    tenant.send("Magic", to=",".join(scenario.numbers[0] for scenario in SCENARIOS))
    tenant.ok("POST", "/rules", {"match": {"to": "6141200*"}, "share": 0.5, "scenario": "flaky"})
    tenant.ok("POST", "/rules", {"match": {"sender": "SHOP"}, "count": 2, "scenario": "report-twice"})
    tenant.send("Long", to=",".join(MANY))
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    tenant.send("From a word", to=",".join(MANY[:3]), from_="SHOP")
    tenant.ok("POST", "/clock/advance", {"hours": 73})


def _resell(tenant: Account) -> None:
    made = tenant.api_ok(
        "add-client", name="Gym", email="gym@example.com", password="secret-word", msisdn=OTHER, sms_margin=1
    )
    client = Account(tenant.ready, str(made["apikey"]), str(made["apisecret"]))
    client.ok("POST", "/account/top-up", {"amount": 50})
    client.send("From the gym")
    client.api_ok("add-list", name="Members")
    client.api_ok("lease-number", number="61491570121")
    client.api_ok("add-keyword", keyword="GYM", number="61491570121")
