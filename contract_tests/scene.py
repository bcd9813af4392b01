"""The data that tests read: in a sandbox a tenant filled with examples, elsewhere what the account has."""

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
"""Numbers reserved for fiction."""

OPTED_OUT, DELETED, REPLYING = HANDSETS[1], HANDSETS[2], HANDSETS[0]
LATER = "2999-01-01 00:00:00"
CSV = "firstname,lastname,mobile,Email\nAbc,Uno,61491570156,abc@example.com\nDef,Due,nonsense,\n"
GYM = {"name": "Gym", "email": "gym@example.com", "password": "pass word", "msisdn": "61491570159"}


@dataclass
class Known:
    """Ids of things in the account that tests can read. None if the account has none."""

    message: int | None = None
    handset: int | None = None
    list: int | None = None
    contact: int | None = None
    number: int | None = None
    client: int | None = None
    transaction: int | None = None
    imported: int | None = None

    def need(self, name: str) -> int:
        """Return one of the ids, or skip the test if the account has none."""
        value = getattr(self, name)
        if value is None:
            pytest.skip(f"the account has no {name} to read")
        assert isinstance(value, int)
        return value


@dataclass
class Scene:
    """An account and its known things. In a sandbox there are more of them."""

    api: Api
    known: Known
    control: Control | None = None
    client: Api | None = None
    poor: Api | None = None
    """A client without money. It is not a reseller."""
    created: dict[str, Any] = field(default_factory=dict)
    """Things by name that are created only in a sandbox."""

    def __getitem__(self, name: str) -> Any:
        return self.created[name]


def days_ago(days: int) -> str:
    """Return the time that many days ago, as the API writes it."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S}"


def days_ahead(days: int) -> str:
    """Return the time in that many days, as the API writes it."""
    return days_ago(-days)


def find_known(api: Api) -> Known:
    """Find things that tests can read, without changing the account."""
    known = Known()
    for row in _payload(api, "get-message-report", start=days_ago(29), end=days_ahead(1), max=100).get("messages", []):
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
        transactions = _payload(api, "get-transactions", client_id=known.client, max=1).get("transactions", [])
        known.transaction = transactions[0]["id"] if transactions else None
    return known


def _payload(api: Api, method: str, **params: Any) -> Any:
    """Return the payload of a successful call, or an empty dict. It is not checked here; that is for the tests."""
    answer = api.call(method, "json", params)
    return answer.tree if answer.code == "SUCCESS" and isinstance(answer.tree, dict) else {}


def create(api: Api, method: str, **params: Any) -> Any:
    """Create something that lasts as long as its tenant. It is neither cleaned up nor checked."""
    payload = _payload(api, method, **params)
    assert payload, f"the example data could not be created: {method} failed"
    return payload


def build_scene(api: Api, control: Control, receiver: Receiver | None) -> Scene:
    """Fill a new tenant with examples."""

    def do(method: str, **params: Any) -> Any:
        return create(api, method, **params)

    scene = Scene(api, Known(), control)
    created = scene.created
    created["number"] = number = do("get-numbers")["numbers"][0]["number"]
    created["crowd"], created["rich"], created["empty"] = (
        do("add-list", name="crowd")["id"],
        do("add-list", name="rich", field_1="Email", field_3="Postcode")["id"],
        do("add-list", name="empty")["id"],
    )
    for handset in HANDSETS:
        do("add-to-list", list_id=created["crowd"], msisdn=handset, first_name="Abc", last_name="Uno")
    for handset in (HANDSETS[3], REPLYING):
        do("add-to-list", list_id=created["rich"], msisdn=handset, field_1="abc@example.com", field_3="06000")
    link = {"message": "Hi [firstname], see [tracked-link]", "tracked_link_url": "https://example.com/"}
    created["to_list"] = do("send-sms", list_id=created["crowd"], **link)["message_id"]
    control.advance(seconds=1)  # so that no two messages have the same time, which shows their order
    created["sent"] = do("send-sms", to=REPLYING, **link)["message_id"]
    created["scheduled"] = do("send-sms", to=REPLYING, message="later", send_at=LATER)["message_id"]
    created["cancelled"] = do("send-sms", to=REPLYING, message="never", send_at=LATER)["message_id"]
    do("cancel-sms", id=created["cancelled"])
    control.advance(seconds=5)
    for handset, text in ((REPLYING, "Thanks / 漢"), (OPTED_OUT, "stop"), (REPLYING, "See you")):
        control.send_inbound(handset, text)
        control.advance(seconds=1)
    do("delete-from-list", list_id=created["crowd"], msisdn=DELETED)
    for keyword in ("CLUB", "ART", "DOJO"):
        do("add-keyword", keyword=keyword, number=number, welcome_message="Hi", reference="a/b")
    do("add-email", email="desk@example.com")
    tap_link(api, created["sent"], REPLYING)
    _create_clients(scene, do)
    if receiver is not None:
        created["imported"] = _import_contacts(api, do, receiver)
    scene.known = find_known(api)
    scene.known.message, scene.known.handset = created["sent"], int(REPLYING)
    scene.known.list, scene.known.contact = created["rich"], int(REPLYING)
    scene.known.imported = created.get("imported")
    return scene


def _create_clients(scene: Scene, do: Callable[..., Any]) -> None:
    """Create a client with money and data, one without money, and the first one's client."""
    assert scene.control
    gym = do("add-client", **GYM, sms_margin=2)
    club = do("add-client", **{**GYM, "name": "Club", "email": "club@example.com"})
    do("add-client", **{**GYM, "name": "Dojo", "email": "dojo@example.com"})
    scene.poor = scene.api.with_credentials(Credentials(club["apikey"], club["apisecret"]))
    credentials = Credentials(gym["apikey"], gym["apisecret"])
    scene.client = client = scene.api.with_credentials(credentials)
    control = scene.control.for_account(credentials)
    control.update_account(balance=50, throttle=0)
    control.call("POST", "/account/top-up", {"amount": 5})
    scene.created["gym"] = gym["id"]
    scene.created["their_list"] = create(client, "add-list", name="theirs")["id"]
    create(client, "add-to-list", list_id=scene["their_list"], msisdn=HANDSETS[5])
    scene.created["their_message"] = create(client, "send-sms", to=HANDSETS[5], message="theirs")["message_id"]
    later = create(client, "send-sms", to=HANDSETS[5], message="theirs later", send_at=LATER)
    scene.created["their_scheduled"] = later["message_id"]
    control.update_account(reseller=True)
    theirs = {**GYM, "name": "Theirs", "email": "theirs@example.com"}
    scene.created["their_client"] = create(client, "add-client", **theirs)["id"]
    transactions = create(client, "get-transactions", client_id=gym["id"])["transactions"]
    scene.created["transaction"] = transactions[0]["id"]
    their_own = scene.control.for_account(_credentials_of(client, scene["their_client"]))
    their_own.call("POST", "/account/top-up", {"amount": 5})
    transactions = create(client, "get-transactions", client_id=scene["their_client"])["transactions"]
    scene.created["their_transaction"] = transactions[0]["id"]


def _credentials_of(reseller: Api, client: int) -> Credentials:
    account = create(reseller, "get-client", client_id=client)
    return Credentials(account["apikey"], account["apisecret"])


def _import_contacts(api: Api, do: Callable[..., Any], receiver: Receiver) -> int:
    receiver.files["/scene.csv"] = CSV.encode()
    list_id: int = do("add-contacts-bulk", name="imported", file_url=f"{receiver.url}/scene.csv")["list_id"]
    progress = "add-contacts-bulk-progress"
    eventually(lambda: _payload(api, progress, list_id=list_id).get("status") != "in progress", 30)
    return list_id


def tap_link(api: Api, message: int, handset: str) -> None:
    """Open the short link that a handset received."""
    text = _payload(api, "get-message-log", message_id=message, mobile=handset)["message"]
    link = re.search(r"(?:TapTh\.is|UnsubRep\.ly)/\w{8}", text)
    assert link, f"no link in {text!r}"
    api.http.get(f"/{link[0]}", follow_redirects=False)
