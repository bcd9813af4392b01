"""Traffic entries of calls: their content, without any secret."""

import asyncio
import gc
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine, select, text

from sms_sandbox.api.answer import Answer
from sms_sandbox.api.answered_call import AnsweredCall, ApiContext
from sms_sandbox.api.errors import Code
from sms_sandbox.api.render import to_json
from sms_sandbox.api.routes import Api, load_methods
from sms_sandbox.api.traffic_entry import make_full_entry, make_plain_entry
from sms_sandbox.domain.profiles import PROFILES
from sms_sandbox.journal import queries
from sms_sandbox.journal.queries import EntryFilter
from sms_sandbox.journal.writer import JournalWriter
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from sms_sandbox.store import tables
from tests.api.clients import GYM
from tests.api.tenant_setup import BASIC
from tests.api.traffic_entries import FORM, METHODS, entry
from tests.conftest import FreshTenant
from tests.sandbox import Account, basic, fetch, run_sandbox

OWN = "the-accounts-own-secret"
WRONG = "a-secret-that-is-wrong"
PASSWORD = "sentinel-of-a-password"
API_SECRET = "sentinel-of-an-api-secret"
CARD = "4111111111111111"
JUNK = "sentinel-of-something-secret"
SENTINELS = (OWN, WRONG, PASSWORD, API_SECRET, CARD, JUNK)

SECRETS = {
    "password": PASSWORD, "api_secret": API_SECRET, "passwrd": JUNK, "apisecret": JUNK, "Password": JUNK, "token": JUNK,
    "api-key": JUNK, "Authorization": JUNK, "client_secret": JUNK, "cvv": JUNK, "card_number": CARD,
}  # fmt: skip
"""Fields that a client may send to any method, known to it or not."""


def test_every_secret_of_the_reference_is_declared() -> None:
    declared = {(name, field) for name, method in load_methods().items() for field in method.secrets if field}
    assert declared == {
        (name, field) for name in ("add-client", "edit-client") for field in ("password", "api_secret")
    }  # fmt: skip
    assert {field for method in load_methods().values() for field in method.addresses if field} == {
        "dlr_callback", "reply_callback", "link_hits_callback", "tracked_link_url", "forward_url", "url", "file_url",
    }  # fmt: skip
    with_secret_replies = {name for name, method in load_methods().items() if method.secret_replies}
    assert with_secret_replies == {"add-client", "edit-client", "get-client", "get-clients"}


def walk(account: Account) -> None:
    """Send secrets to every method in every way, and add and change clients."""
    key, ca, address = basic(account.key, account.secret), account.ready.ca, account.ready.https
    posting = {**key, "Content-Type": FORM}
    client = account.api("add-client", **GYM, api_secret=API_SECRET)["id"]
    account.api("edit-client", client_id=client, password=PASSWORD, api_secret=API_SECRET)
    for ending in ("json", "xml"):
        for method, params in (("get-client", {"client_id": client}), ("get-clients", {})):
            fetch(f"{address}/{method}.{ending}", "POST", urlencode(params), posting, ca)
    for method in [*METHODS, "add-clint", "ad-card"]:
        form = {**SECRETS, "client_id": 1} if method in METHODS else SECRETS
        if method in ("add-card", "ad-card"):
            form = {**form, "number": CARD, "name": JUNK, "expiry_month": JUNK, "expiry_year": JUNK}
        fetch(f"{address}/{method}.json", "POST", urlencode(form), posting, ca)
        fetch(f"{address}/{method}.xml?{urlencode(form)}", headers=key, ca=ca)
        fetch(f"{address}/{method}.json", "POST", json.dumps(form), posting, ca)
        fetch(f"{address}/{method}.json", headers=basic(account.key, WRONG), ca=ca)
        fetch(f"{address}/{method}.json", headers=basic(JUNK, WRONG), ca=ca)
        fetch(f"{address}/{method}.json", headers={"Authorization": f"Bearer {JUNK}"}, ca=ca)
    account.api("send-sms", message=f"not sent, with {OWN} in it")
    account.api("cancel-sms", id=OWN)


@pytest.mark.parametrize("shared", [False, True])
def test_no_secret_is_in_the_database_but_where_it_belongs(
    shared: bool, certificates: Certificates, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "store.db"
    make: Callable[[], str] | None = request.getfixturevalue("fresh_postgres") if shared else None
    url = make() if make else f"sqlite:///{path}"
    settings = Settings(
        https_port=0,
        http_port=0,
        certs=str(certificates.directory),
        throttle=0,
        database=url,
        account=(f"walker:{OWN}",),
    )
    with run_sandbox(settings) as account:
        walk(account)
        noted = account.ok("GET", "/traffic", max=1000)["entries"]
    assert {each["method"] for each in noted if each["kind"] == "call"} == {*METHODS, "add-clint", "ad-card"}
    assert sum(each["request"].get("password") == "…" for each in noted) > 80
    assert not [each for each in SENTINELS if each in json.dumps(noted)]
    engine = create_engine(url)
    with engine.connect() as db:
        columns = [
            each for table in tables.metadata.sorted_tables for each in table.c if each != tables.accounts.c.secret
        ]
        everything = {str(each): str(db.scalars(select(each)).all()) for each in columns}
    engine.dispose()
    assert [(name, each) for name, kept in everything.items() for each in SENTINELS if each in kept] == []
    if not shared:
        with sqlite3.connect(path) as direct:
            direct.execute("UPDATE accounts SET secret = ''")
            direct.commit()
            direct.execute("VACUUM")
        direct.close()
        assert not [each for each in SENTINELS if each.encode() in path.read_bytes()]


# Contents of an entry


def test_an_ordinary_call_has_the_same_entry_as_any_other(fresh: FreshTenant) -> None:
    """Plain calls have a shorter way, which must have the same result."""
    reply = {"message_id": 340000001, "error": {"code": "SUCCESS"}}
    answer = Answer(Code.SUCCESS, reply, PROFILES["seed"], account=fresh.account)
    around = ApiContext(METHODS)
    calls = [
        ("send-sms", {"message": 'Grüße "x" \\ \n', "to": "61491570156", "from": "61491570112"}),
        ("get-balance", {}),
        ("get-sms", {"message_id": "12"}),
        ("get-contact", {"list_id": "1", "msisdn": "61491570156"}),
        ("get-numbers", {"page": "1", "max": "9"}),
    ]
    for name, form in calls:
        seen = AnsweredCall(
            7, 900, "POST", f"/{name}.json", FORM, "", name, METHODS[name], form, answer, to_json(reply)
        )  # fmt: skip
        short = make_plain_entry(seen)
        assert short is not None
        assert short == make_full_entry(seen, around)
    odd = [
        {"to": "0491570156"}, {"to": "61491570156,61491570157"}, {"to": "SHOP"}, {"mesage": "x"}, {"to": "6149\udcff"},
        {"message": "x" * 9000}, {"message": f"my {fresh.account.secret} is"}, {"dlr_callback": "http://a.example/"},
        {"tracked_link_url": "http://a.example/"}, {"list_id": "3"}, {"send_at": "2020-01-01"},
    ]  # fmt: skip
    for form in odd:
        seen = AnsweredCall(
            7, 900, "POST", "/x", FORM, "", "send-sms", METHODS["send-sms"], form, answer, to_json(reply)
        )
        assert make_plain_entry(seen) is None, form
    plain = AnsweredCall(7, 900, "POST", "/x", FORM, "", "get-balance", METHODS["get-balance"], {}, answer, b"{}")
    assert make_plain_entry(plain) is not None
    assert make_plain_entry(plain._replace(json=None)) is None
    assert make_plain_entry(plain._replace(form=None)) is None
    assert make_plain_entry(plain._replace(content_type="application/json")) is None
    assert make_plain_entry(plain._replace(answer=answer._replace(account=None))) is None
    assert make_plain_entry(plain._replace(answer=answer._replace(code=Code.FAILED))) is None
    assert make_plain_entry(plain._replace(json=b"x" * 20_000)) is None
    for name in ("get-clients", "get-keywords"):
        assert make_plain_entry(plain._replace(method=METHODS[name])) is None


@pytest.mark.parametrize(
    ("form", "numbers"),
    [
        ({"to": "61491570156"}, ["61491570156"]),
        ({"to": "+61 491 570 156, 61491570157"}, ["61491570156", "61491570157"]),
        ({"to": "0491570156", "countrycode": "AU"}, ["61491570156", "0491570156"]),
        ({"to": "07700900123", "countrycode": "GB"}, ["447700900123", "07700900123"]),
        ({"to": "0491570156"}, ["61491570156", "0491570156"]),
        ({"to": "0491570156", "countrycode": "nowhere"}, ["61491570156", "0491570156"]),
        ({"to": "nobody,,", "from_": "SHOP"}, []),
        ({"to": "9" * 30}, []),
        ({"from_": "61491570112", "to": "61491570156"}, ["61491570156", "61491570112"]),
        ({"to": "61491570156", "msisdn": "61491570157"}, ["61491570156"]),
    ],
)
def test_numbers_are_found_in_whatever_form_they_come(
    fresh: FreshTenant, form: dict[str, str], numbers: list[str]
) -> None:
    assert entry(fresh, **form).numbers.split() == numbers


@pytest.mark.parametrize(
    ("method", "numbers"),
    [
        ("message-reply", ["61491570156", "61491570112"]),
        ("get-contact", ["61491570157"]),
        ("get-contact-sms-stats", ["61491570158"]),
        ("get-number", ["61491570159"]),
        ("add-card", []),
        ("send-smss", ["61491570156", "61491570112"]),
        ("fly", []),
    ],
)
def test_numbers_are_found_where_the_method_declares_them(fresh: FreshTenant, method: str, numbers: list[str]) -> None:
    form = {
        "to": "61491570156", "from": "61491570112", "msisdn": "61491570157", "mobile": "61491570158",
        "number": "61491570159",
    }  # fmt: skip
    assert entry(fresh, method, **form).numbers.split() == numbers


@pytest.mark.parametrize(
    ("reply", "form", "message"),
    [
        ({"message_id": 340000001}, {}, 340000001),
        ({}, {"message_id": "12"}, 12),
        ({}, {"message_id": "x"}, 0),
        ({}, {"message_id": "9" * 40}, 0),
        ({}, {"message_id": "-1"}, 0),
        ({}, {}, 0),
    ],
)
def test_an_entry_names_the_message_of_its_call(
    fresh: FreshTenant, reply: object, form: dict[str, str], message: int
) -> None:
    assert entry(fresh, reply=reply, **form).message == message


def test_values_that_are_not_secret_are_kept(fresh: FreshTenant) -> None:
    made = entry(fresh, "add-keyword", keyword="TOKENS", number="61491570112", reference="secret santa")
    assert json.loads(made.request) == {"keyword": "TOKENS", "number": "61491570112", "reference": "secret santa"}
    assert json.loads(entry(fresh, message="x", colour="red").request) == {"message": "x", "colour": "red"}


def test_a_reply_is_recorded_as_json_without_its_secrets(fresh: FreshTenant) -> None:
    reply = {"clients": [{"apikey": "a1", "apisecret": "sentinel"}, {"apikey": "a2", "apisecret": None}]}
    assert json.loads(entry(fresh, "get-clients", reply).reply) == {
        "clients": [{"apikey": "a1", "apisecret": "…"}, {"apikey": "a2", "apisecret": None}]
    }


# Bounds


@pytest.mark.anyio
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_thousands_of_calls_leave_a_thousand_entries_and_no_memory(fresh: FreshTenant) -> None:
    journal = JournalWriter(fresh.store, 1000)
    api = Api(fresh.store, None)
    body = urlencode({"note": "x" * 100}).encode()
    scope = {
        "type": "http", "method": "POST", "path": "/get-balance.json", "scheme": "https", "http_version": "1.1",
        "query_string": b"", "headers": [(b"content-type", FORM.encode()), BASIC],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(_: Any) -> None:
        pass

    async def call(count: int) -> int:
        """Make this many calls, and return the number of objects after them."""
        for index in range(count):
            await api(scope, receive, send)
            if index % 20 == 0:
                await asyncio.sleep(0)  # as a server does between packets
        await journal.flush()
        gc.collect()
        return len(gc.get_objects())

    before = await call(2000)
    after = await call(6000)
    with fresh.store.begin() as db:
        assert queries.find_bounds(db, fresh.tenant)[:3] == (7_001, 8_000, 0)
        assert queries.count(db, fresh.tenant, EntryFilter()) == 1000
        assert queries.count_dropped(db, fresh.tenant) == 7_000
        assert db.scalar(text("PRAGMA page_count")) < 1000  # of 4 KiB: an entry has less than one
    assert after - before < 1000
    await journal.stop()
