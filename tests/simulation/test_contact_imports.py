"""Imports of contact files, from a real server to the list."""

import gzip
import socket
from datetime import timedelta
from typing import Any

import pytest

from sms_sandbox.simulation import contact_imports
from sms_sandbox.simulation.callbacks import http_client
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import accounts, contacts, opt_outs
from tests.conftest import FreshTenant
from tests.simulation.conftest import Client, Receiver, until
from tests.simulation.contact_files import PEOPLE, bulk, ended, file_of, imported, many, members, progress
from tests.store.example_rows import HANDSETS

pytestmark = pytest.mark.anyio


# The result of an import


async def test_the_runner_imports_a_file(fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver) -> None:
    await runner.start()
    list_id = await bulk(call, receiver.url("/people.csv", body=PEOPLE), field_2="postcode")
    await until(ended(fresh, list_id))
    assert await progress(call, list_id) == ("completed", [2, 2, 0, 0, 0, 2])
    assert members(fresh, list_id) == {
        "61491570200": ("Uno", "Rock", {"2": "2000"}), "61491570201": ("Duo", None, {}),
    }  # fmt: skip
    (request,) = receiver.requests
    assert (request.verb, request.path) == ("GET", "/people.csv")
    assert "authorization" not in request.headers


async def test_a_list_without_fields_gets_names_only(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    list_id, _ = await imported(fresh, runner, call, receiver.url(body=PEOPLE))
    assert members(fresh, list_id)["61491570201"] == ("Duo", None, {})


async def test_columns_are_matched_to_the_fields_of_the_list(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    made = (await call.ok("add-list", name="a", field_4="post code", field_5="Town", field_6="Postcode"))["id"]
    await imported(fresh, runner, call, receiver.url(body=PEOPLE), list_id=made)
    assert members(fresh, made)["61491570200"][2] == {"4": "2000", "6": "2000"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
async def test_any_encoding_and_delimiter_is_read(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, encoding: str, delimiter: str
) -> None:
    text = 'Firstname,"Middle, name",MOBILE\n"Olé ""Ol"" \nB",x,0491 570 200'.replace(",", delimiter)
    url = receiver.url(body=text.encode(encoding))
    list_id, _ = await imported(fresh, runner, call, url, countrycode="AU")
    assert members(fresh, list_id) == {"61491570200": ('Olé "Ol" \nB', None, {})}


async def test_rows_are_counted_by_their_outcome(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    made = (await call.ok("add-list", name="a", field_1="Town", field_2="Pet"))["id"]
    for msisdn in HANDSETS[:3]:
        await call.ok("add-to-list", list_id=made, msisdn=msisdn, first_name="Old", field_1="Here", field_2="Cat")
    with fresh.store.begin() as db:
        contacts.deactivate_member(db, fresh.tenant, made, HANDSETS[1], contacts.DELETED)
        contacts.deactivate_member(db, fresh.tenant, made, HANDSETS[2], contacts.OPTED_OUT)
        opt_outs.add(db, fresh.tenant, fresh.account.id, HANDSETS[6])
    file = [
        "mobile,firstname,town,pet",
        f"{HANDSETS[0]},New,There,",  # on the list: changed
        f"{HANDSETS[0]},Newer,,",  # the same number again: ignored
        f"{HANDSETS[1]},New,,",  # deleted
        f"{HANDSETS[2]},New,,",  # opted out
        f"{HANDSETS[5]},First,,Dog",
        f"+{HANDSETS[5]},Second,,",
        "",
        ",Nobody,,",
        "12,Short,,",
        f"{HANDSETS[6]},,,",  # opted out of the account, which its lists do not share
    ]
    url = receiver.url(body="\n".join(file).encode())
    await imported(fresh, runner, call, url, list_id=made)
    assert await progress(call, made) == ("completed", [10, 10, 4, 3, 1, 2])
    stored = members(fresh, made)
    assert stored[HANDSETS[0]] == ("New", None, {"1": "There", "2": "Cat"})
    assert stored[HANDSETS[1]] == stored[HANDSETS[2]] == ("Old", None, {"1": "Here", "2": "Cat"})
    assert stored[HANDSETS[5]] == ("First", None, {"2": "Dog"})
    with fresh.store.begin() as db:
        assert [each.msisdn for each in contacts.list_active_members(db, fresh.tenant, made, "", 9)] == [
            HANDSETS[0], HANDSETS[5], HANDSETS[6],
        ]  # fmt: skip
    # The same file again: all are members now.
    await imported(fresh, runner, call, url, list_id=made)
    assert await progress(call, made) == ("completed", [10, 10, 6, 3, 1, 0])
    assert members(fresh, made)[HANDSETS[5]] == ("First", None, {"2": "Dog"})


async def test_numbers_that_opted_out_of_all_lists_are_not_imported(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    with fresh.store.begin() as db:
        accounts.change(db, fresh.tenant, fresh.account.id, {"global_optouts": 1})
        opt_outs.add(db, fresh.tenant, fresh.account.id, HANDSETS[1])
    list_id, _ = await imported(fresh, runner, call, receiver.url(body=file_of(list(HANDSETS[:3]))))
    assert await progress(call, list_id) == ("completed", [3, 3, 0, 0, 1, 2])


async def test_a_file_of_several_chunks_is_imported(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number repeated in a later transaction is a duplicate, too; its first row wins."""
    monkeypatch.setattr(contact_imports, "ROWS_PER_TRANSACTION", 7)
    again = [f"{number},again" for number in many(10)]
    body = "\n".join(["mobile,firstname", *(f"{number},first" for number in many(50)), *again]).encode()
    list_id, _ = await imported(fresh, runner, call, receiver.url(body=body))
    assert await progress(call, list_id) == ("completed", [60, 60, 10, 0, 0, 50])
    assert {names[0] for names in members(fresh, list_id).values()} == {"first"}


async def test_the_automation_of_the_list_is_called(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    made = (await call.ok("add-list", name="a"))["id"]
    with fresh.store.begin() as db:
        contacts.set_automation(db, fresh.tenant, made, receiver.url("/joined"))
    await imported(fresh, runner, call, receiver.url("/file", body=PEOPLE), list_id=made)
    await runner.advance(fresh.tenant, by=timedelta(seconds=1))
    assert sorted(dict(each.params)["mobile"] for each in receiver.at("/joined")) == ["61491570200", "61491570201"]


# Fetching the file


async def test_a_url_may_have_a_password(fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver) -> None:
    url = receiver.url("/a", body=PEOPLE).replace("http://", "http://ann:s%40cret@") + "?x=1"
    await imported(fresh, runner, call, url)
    (request,) = receiver.requests
    assert request.headers["authorization"] == "Basic YW5uOnNAY3JldA=="
    assert request.target == "/a?x=1"


async def test_compressed_and_chunked_answers_are_read(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver
) -> None:
    packed = receiver.url("/packed", body=gzip.compress(PEOPLE), headers=("Content-Encoding: gzip",))
    _, one = await imported(fresh, runner, call, packed, name="a")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in PEOPLE) + b"0\r\n\r\n"
    chunked = receiver.url("/chunked", body=chunks, headers=("Transfer-Encoding: chunked",), trick="chunked")
    _, two = await imported(fresh, runner, call, chunked, name="b")
    assert (one.counts.imported, two.counts.imported) == (2, 2)


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ({"statuses": [404]}, "answered 404"),
        ({"statuses": [401]}, "answered 401"),
        ({"statuses": [302], "headers": ("Location: /other",)}, "answered 302"),
        ({"statuses": [500], "body": PEOPLE}, "answered 500"),
        ({"trick": "reset"}, "the connection was closed without an answer"),
        ({"trick": "garbage"}, "the answer is not HTTP: Bad status line"),
        ({"trick": "endless"}, "larger than"),
        ({"trick": "drip", "body": PEOPLE}, "timed out"),
        ({"trick": "drip", "body": PEOPLE, "headers": ("Content-Length: 4096",)}, "timed out"),
        ({"body": b""}, "no column called mobile"),
        ({"body": b"61491570200\n61491570201\n"}, "no column called mobile"),
        ({"body": b"x\n" + PEOPLE}, "no column called mobile"),
        ({"body": gzip.compress(PEOPLE, mtime=0)}, "no column called mobile"),
        ({"body": gzip.compress(b"x" * 5_000_000), "headers": ("Content-Encoding: gzip",)}, "larger than"),
        ({"body": b"x" * 99, "headers": ("Content-Encoding: gzip",)}, "the body is cut short or badly compressed"),
        ({"body": b"mobile\n6149157\x81"}, "cannot be decoded"),
        ({"body": PEOPLE.decode().encode("utf-16") + b"\x00"}, "cannot be decoded"),
        ({"body": PEOPLE + b"\xff" * 9 + PEOPLE * 999 + b"\x81"}, "cannot be decoded"),
        ({"body": PEOPLE + b"1" * 300_000}, "a line is longer"),
        ({"body": PEOPLE + b'"' + b"1\n" * 70_000}, "cannot be read as CSV"),
    ],
)
async def test_an_invalid_file_changes_nothing(
    fresh: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    manner: dict[str, Any], why: str,
) -> None:  # fmt: skip
    if why == "timed out":
        monkeypatch.setattr(http_client, "FETCH_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(http_client, "MAX_FILE_BYTES", 3_000_000)
    list_id, job = await imported(fresh, runner, call, receiver.url(**manner))
    assert (job.status, why in job.error, job.error) == ("failed", True, job.error)
    assert await progress(call, list_id) == ("failed", [0, 0, 0, 0, 0, 0])
    assert (await call("get-list", list_id=list_id))["error"]["code"] == "NOT_FOUND"
    assert (await call("add-contacts-bulk", list_id=list_id, file_url="http://localhost/"))["error"][
        "code"
    ] == "NOT_FOUND"
    assert receiver.at("/other") == []

    kept = (await call.ok("add-list", name="Kept"))["id"]
    await call.ok("add-to-list", list_id=kept, msisdn="61491570200", first_name="Old")
    await imported(fresh, runner, call, receiver.url(), list_id=kept)
    assert (await progress(call, kept))[0] == "failed"
    assert members(fresh, kept) == {"61491570200": ("Old", None, {})}


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://192.0.2.7/", "http://[fe80::1]/a", "http://8.8.8.8/"]
)
async def test_files_are_not_fetched_from_refused_addresses(
    fresh: FreshTenant, runner: Runner, call: Client, url: str
) -> None:
    _, job = await imported(fresh, runner, call, url)
    assert job.status == "failed"
    assert job.error.startswith("refused: ")


async def test_an_import_from_a_closed_port_fails(fresh: FreshTenant, runner: Runner, call: Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        _, job = await imported(fresh, runner, call, f"http://{address}/")
    assert (job.status, job.error) == ("failed", f"nothing listens at {address}")
