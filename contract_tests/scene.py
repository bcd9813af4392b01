"""What there is to look at: in a sandbox a world with something of everything in it, elsewhere what is found."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .callback_receiver import Receiver
from .client import Api, eventually
from .credentials import Credentials
from .target import Control

HANDSETS = ("61491570156", "61491570157", "61491570158", "61491570159", "61491570110", "61491570313")
"""Numbers kept for fiction."""

STOPPED, DELETED, ANSWERING = HANDSETS[1], HANDSETS[2], HANDSETS[0]
LATER = "2999-01-01 00:00:00"
CSV = "firstname,lastname,mobile,Email\nAbc,Uno,61491570156,abc@example.com\nDef,Due,nonsense,\n"
GYM = {"name": "Gym", "email": "gym@example.com", "password": "pass word", "msisdn": "61491570159"}


@dataclass
class Known:
    """Things of the account that can be looked at; None where there is none."""

    message: int | None = None
    handset: int | None = None
    list: int | None = None
    contact: int | None = None
    number: int | None = None
    client: int | None = None
    transaction: int | None = None
    imported: int | None = None

    def need(self, name: str) -> int:
        """One of these; skips the test where there is none."""
        found = getattr(self, name)
        if found is None:
            pytest.skip(f"the account has no {name} to look at")
        assert isinstance(found, int)
        return found


@dataclass
class Scene:
    """An account and what is known of it; a sandbox's has more."""

    api: Api
    known: Known
    control: Control | None = None
    client: Api | None = None
    poor: Api | None = None
    """A client without money that is no reseller."""
    made: dict[str, Any] = field(default_factory=dict)
    """By name, what only a sandbox can be made to have."""

    def __getitem__(self, name: str) -> Any:
        return self.made[name]


def since(days: int) -> str:
    """The moment that many days ago, as the API writes it."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S}"


def until(days: int) -> str:
    """The moment in that many days, as the API writes it."""
    return since(-days)


def discover(api: Api) -> Known:
    """What an account has to look at, by reading alone."""
    known = Known()
    for row in _payload(api, "get-message-report", start=since(29), end=until(1), max=100).get("messages", []):
        if row.get("msisdn") and row.get("status") == "completed":
            known.message, known.handset = row["id"], row["msisdn"]
            break
    for row in _payload(api, "get-lists", max=100).get("lists", []):
        if row.get("members_active"):
            known.list = row["id"]
            members = _payload(api, "get-list", list_id=row["id"], max=1).get("members", [])
            known.contact = members[0]["msisdn"] if members else None
            break
    known.number = next((row["number"] for row in _payload(api, "get-numbers").get("numbers", [])), None)
    known.client = next((row["id"] for row in _payload(api, "get-clients", max=1).get("clients", [])), None)
    if known.client:
        bought = _payload(api, "get-transactions", client_id=known.client, max=1).get("transactions", [])
        known.transaction = bought[0]["id"] if bought else None
    return known


def _payload(api: Api, method: str, **params: Any) -> Any:
    """What a call says, if it is anything to go by: whether it is right is for the tests to find."""
    reply = api.call(method, "json", params)
    return reply.tree if reply.code == "SUCCESS" and isinstance(reply.tree, dict) else {}


def make(api: Api, method: str, **params: Any) -> Any:
    """Make something that stays as long as the world does: nothing here is undone or checked."""
    found = _payload(api, method, **params)
    assert found, f"{method} could not be called to make a scene"
    return found


def furnish(api: Api, control: Control, receiver: Receiver | None) -> Scene:
    """Fill a fresh world."""

    def do(method: str, **params: Any) -> Any:
        return make(api, method, **params)

    scene = Scene(api, Known(), control)
    made = scene.made
    made["number"] = number = do("get-numbers")["numbers"][0]["number"]
    made["crowd"], made["rich"], made["empty"] = (
        do("add-list", name="crowd")["id"],
        do("add-list", name="rich", field_1="Email", field_3="Postcode")["id"],
        do("add-list", name="empty")["id"],
    )
    for handset in HANDSETS:
        do("add-to-list", list_id=made["crowd"], msisdn=handset, first_name="Abc", last_name="Uno")
    do("add-to-list", list_id=made["rich"], msisdn=ANSWERING, field_1="abc@example.com", field_3="06000")
    link = {"message": "Hi [firstname], see [tracked-link]", "tracked_link_url": "https://example.com/"}
    made["to_list"] = do("send-sms", list_id=made["crowd"], **link)["message_id"]
    made["sent"] = do("send-sms", to=ANSWERING, **link)["message_id"]
    made["scheduled"] = do("send-sms", to=ANSWERING, message="later", send_at=LATER)["message_id"]
    made["cancelled"] = do("send-sms", to=ANSWERING, message="never", send_at=LATER)["message_id"]
    do("cancel-sms", id=made["cancelled"])
    control.advance(seconds=5)
    control.inbound(ANSWERING, "Thanks / 漢")
    control.inbound(STOPPED, "stop")
    do("delete-from-list", list_id=made["crowd"], msisdn=DELETED)
    do("add-keyword", keyword="CLUB", number=number, welcome_message="Hi", reference="a/b")
    do("add-email", email="desk@example.com")
    tap(api, made["sent"], ANSWERING)
    _furnish_clients(scene, do)
    if receiver is not None:
        made["imported"] = _import(api, do, receiver)
    scene.known = discover(api)
    scene.known.message, scene.known.handset = made["sent"], int(ANSWERING)
    scene.known.list, scene.known.contact, scene.known.imported = made["rich"], int(ANSWERING), made.get("imported")
    return scene


def _furnish_clients(scene: Scene, do: Callable[..., Any]) -> None:
    """A client with money and things of its own, a poor one, and one of the client's own that is none of ours."""
    assert scene.control
    gym = do("add-client", **GYM, sms_margin=2)
    club = do("add-client", **{**GYM, "name": "Club", "email": "club@example.com"})
    scene.poor = scene.api.another(Credentials(club["apikey"], club["apisecret"]))
    credentials = Credentials(gym["apikey"], gym["apisecret"])
    scene.client = client = scene.api.another(credentials)
    control = scene.control.of(credentials)
    control.settle(balance=50, throttle=0)
    control.ask("POST", "/account/top-up", {"amount": 5})
    scene.made["gym"] = gym["id"]
    scene.made["their_list"] = make(client, "add-list", name="theirs")["id"]
    make(client, "add-to-list", list_id=scene["their_list"], msisdn=HANDSETS[5])
    scene.made["their_message"] = make(client, "send-sms", to=HANDSETS[5], message="theirs")["message_id"]
    later = make(client, "send-sms", to=HANDSETS[5], message="theirs later", send_at=LATER)
    scene.made["their_scheduled"] = later["message_id"]
    control.settle(reseller=True)
    theirs = {**GYM, "name": "Theirs", "email": "theirs@example.com"}
    scene.made["their_client"] = make(client, "add-client", **theirs)["id"]
    bought = make(client, "get-transactions", client_id=gym["id"])["transactions"]
    scene.made["transaction"] = bought[0]["id"]
    their_own = scene.control.of(_credentials_of(client, scene["their_client"]))
    their_own.ask("POST", "/account/top-up", {"amount": 5})
    bought = make(client, "get-transactions", client_id=scene["their_client"])["transactions"]
    scene.made["their_transaction"] = bought[0]["id"]


def _credentials_of(reseller: Api, client: int) -> Credentials:
    found = make(reseller, "get-client", client_id=client)
    return Credentials(found["apikey"], found["apisecret"])


def _import(api: Api, do: Callable[..., Any], receiver: Receiver) -> int:
    receiver.files["/scene.csv"] = CSV.encode()
    list_id: int = do("add-contacts-bulk", name="imported", file_url=f"{receiver.url}/scene.csv")["list_id"]
    progress = "add-contacts-bulk-progress"
    eventually(lambda: _payload(api, progress, list_id=list_id).get("status") != "in progress", 30)
    return list_id


def tap(api: Api, message: int, handset: str) -> None:
    """Open the short link that a handset got."""
    text = _payload(api, "get-message-log", message_id=message, mobile=handset)["message"]
    link = re.search(r"(?:TapTh\.is|UnsubRep\.ly)/\w{8}", text)
    assert link, f"no link in {text!r}"
    api.http.get(f"/{link[0]}", follow_redirects=False)
