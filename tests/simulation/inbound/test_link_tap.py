"""Short links that handsets open."""

import re
from datetime import timedelta

import pytest

from sms_sandbox.simulation.inbound import link_tap
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import contacts, opt_outs
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.conftest import Client, Receiver
from tests.store.example_rows import HANDSETS, NOON, seconds

pytestmark = pytest.mark.anyio

TARGET = "http://localhost/offer?a=1"


async def send(still: FreshTenant, call: Client, text: str, **params: object) -> tuple[int, list[str]]:
    """Send a message with links, and return its id and the code of each recipient."""
    to = {} if "list_id" in params else {"to": ",".join(HANDSETS[:2])}
    reply = await call.ok("send-sms", message=text, tracked_link_url=TARGET, **to, **params)
    everybody = queries.all_recipients(still, reply["message_id"])
    codes = [re.search(r"(?:TapTh\.is|UnsubRep\.ly)/(\w{8})", each.text) for each in everybody]
    assert all(codes)
    return reply["message_id"], [match[1] for match in codes if match]


def tap(fresh: FreshTenant, code: str, after: float = 0) -> link_tap.LinkTap | None:
    with fresh.store.begin() as db:
        return link_tap.open_link(db, code, NOON + seconds(after))


async def test_a_tap_returns_the_target_and_is_counted(still: FreshTenant, call: Client) -> None:
    sent, (one, two) = await send(still, call, "Look: [tracked-link]")
    assert one != two
    for _ in range(3):
        assert tap(still, one) == link_tap.LinkTap(HANDSETS[0], TARGET)
    assert tap(still, two) == link_tap.LinkTap(HANDSETS[1], TARGET)
    assert queries.message(still, sent).link_hits == 4
    assert [each.link_hits for each in queries.all_recipients(still, sent)] == [3, 1]
    assert queries.all_callbacks(still) == []


async def test_each_tap_is_called_back(still: FreshTenant, call: Client, runner: Runner, receiver: Receiver) -> None:
    sent, (code, _) = await send(
        still, call, "Look: [tracked-link]", link_hits_callback=receiver.url() + "?x=1", from_="MyShop"
    )
    tap(still, code)
    tap(still, code)
    await runner.advance(still.tenant, by=timedelta())
    one, two = receiver.requests
    assert one.params == [
        ("x", "1"),
        ("datetime", "2026-03-01 12:00:00"),
        ("firstname", ""),
        ("lastname", ""),
        ("link_hits", "1"),
        ("list_id", "0"),
        ("longcode", "MyShop"),
        ("message", f"Look: TapTh.is/{code}"),
        ("message_id", str(sent)),
        ("mobile", HANDSETS[0]),
        ("rate", "10"),
        ("user_id", str(still.account.id)),
    ]
    assert dict(two.params)["link_hits"] == "2"
    assert {each.event for each, _ in queries.all_callbacks(still)} == {"link-hit"}


async def test_a_tap_of_a_member_names_it(still: FreshTenant, call: Client, runner: Runner, receiver: Receiver) -> None:
    queries.set_account(still, link_hits_url=receiver.url())
    list_id = queries.add_list(still, HANDSETS[:1])
    _, (code,) = await send(still, call, "Hi [firstname]: [tracked-link]", list_id=list_id)
    tap(still, code)
    await runner.advance(still.tenant, by=timedelta())
    params = dict(receiver.requests[0].params)
    assert (params["firstname"], params["lastname"], params["list_id"], params["message"]) == (
        "Uno", "Rock", str(list_id), f"Hi Uno: TapTh.is/{code}",
    )  # fmt: skip


async def test_a_tap_on_an_unsubscribe_link_opts_out(still: FreshTenant, call: Client) -> None:
    list_id = queries.add_list(still, HANDSETS[:2])
    sent, (code, _) = await send(still, call, "Bye: [unsub-reply-link]", list_id=list_id, from_="MyShop")
    assert tap(still, code) == link_tap.LinkTap(HANDSETS[0], None)
    assert tap(still, code) == link_tap.LinkTap(HANDSETS[0], None)
    message = queries.message(still, sent)
    assert (message.optouts, message.link_hits, message.responses) == (1, 0, 0)
    assert [each.optout for each in queries.all_recipients(still, sent)] == [True, False]
    with still.store.begin() as db:
        member = contacts.read_member(db, still.tenant, list_id, HANDSETS[0])
        assert opt_outs.find(db, still.tenant, still.account.id, HANDSETS) == {HANDSETS[0]}
    assert member is not None
    assert (member.status, member.reason) == (contacts.INACTIVE, contacts.OPTED_OUT)
    assert (await call.ok("send-sms", message="Again", list_id=list_id))["recipients"] == 1


async def test_an_unknown_link_is_ignored(still: FreshTenant) -> None:
    assert tap(still, "aaaaaaaa") is None
