"""`Sandbox`: started, closed, and its tenants."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.settings import SettingsError
from sms_sandbox.testing import Sandbox, SandboxError
from tests.sandbox import HANDSET


def threads() -> set[str]:
    return {each.name for each in threading.enumerate() if each.name.startswith("sms-sandbox")}


# Start


@pytest.mark.parametrize("in_process", [False, True], ids=["process", "thread"])
def test_a_sandbox_that_is_closed_leaves_nothing_behind(in_process: bool) -> None:
    before = threads()
    with Sandbox.start(in_process=in_process, delivery_delay=7) as sandbox:
        folder = Path(sandbox.ca).parent
        assert folder.is_dir()
        assert sandbox.call("get-balance")["error"]["code"] == "SUCCESS"
        assert sandbox.control("GET", "/tenants/current")["delivery_seconds"] == 7
        assert (sandbox.where.pid == os.getpid()) == in_process
        assert ("sms-sandbox" in threads() - before) == in_process
        sandbox.receiver()
    assert threads() <= before
    assert not folder.exists()
    with pytest.raises(SandboxError, match=f"No sandbox answers at {sandbox.where.http}/_sandbox/v1/clock: .*refused"):
        _ = sandbox.now
    sandbox.close()


@pytest.mark.parametrize("in_process", [False, True], ids=["process", "thread"])
def test_an_invalid_setting_starts_no_server(tmp_path: Path, in_process: bool) -> None:
    def start(**settings: Any) -> None:
        Sandbox.start(in_process=in_process, **settings)

    before = threads()
    with pytest.raises(SettingsError, match="--throttle must be from 0 to 1000000, not -1"):
        start(throttle=-1)
    with pytest.raises(TypeError, match="colour"):
        start(colour="red")
    with pytest.raises(
        SandboxError, match=r"did not start: (--database: )?The database .* unable to open database file"
    ):
        start(certs=tmp_path, database=f"sqlite:///{tmp_path}/none/here.db")
    with pytest.raises(SandboxError, match=r"did not start: .*missing"):
        start(certs=tmp_path, ready_file=str(tmp_path / "missing" / "ready"))
    assert threads() <= before


def test_a_forgotten_sandbox_ends_with_its_process() -> None:
    script = "from sms_sandbox.testing import Sandbox; s = Sandbox.start(); r = s.receiver(); print(s.ca)"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True, timeout=100
    )
    assert ran.returncode == 0
    assert "Warning" not in ran.stderr
    assert not Path(ran.stdout.strip()).parent.exists()


def test_importing_it_loads_no_server() -> None:
    script = "import sys, sms_sandbox.testing; print({'uvicorn', 'sqlalchemy', 'aiohttp'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


# Its own data


def test_no_secret_is_shown(tenant: Sandbox) -> None:
    shown = repr(tenant) + repr(tenant.where) + str(tenant) + repr(tenant.receiver()) + repr(tenant.handset(HANDSET))
    assert tenant.key in shown
    assert tenant.url in shown
    assert tenant.secret not in shown


def test_a_program_started_in_its_environment_finds_and_trusts_it(
    tenant: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example")
    script = """
import os, ssl, urllib.request
url, key, secret = (os.environ["SMS_SANDBOX_" + name] for name in ("URL", "KEY", "SECRET"))
who = urllib.request.HTTPPasswordMgrWithPriorAuth()
who.add_password(None, url, key, secret, is_authenticated=True)
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(who))
print(opener.open(url + "/get-balance.json").read().decode())
"""
    output = subprocess.check_output([sys.executable, "-c", script], env=tenant.env(), text=True)
    assert json.loads(output)["balance"] == 1000
    assert tenant.env()["PATH"] == os.environ["PATH"]
    assert tenant.env()["NODE_EXTRA_CA_CERTS"] == tenant.ca
    assert tenant.env()["SSL_CERT_FILE"] == tenant.ca_bundle
    assert tenant.env()["NO_PROXY"].startswith("intranet.example,localhost,")


# Tenants


def test_tenants_know_nothing_of_each_other(server: Sandbox) -> None:
    with server.new_tenant(name="one", seed="same") as one, server.new_tenant(name="two", seed="same") as two:
        assert one.call("send-sms", message="hello", to=HANDSET)["message_id"] == 340000001
        one.handset(HANDSET).reply("STOP")
        assert two.call("send-sms", message="hello", to=HANDSET)["message_id"] == 340000001
        assert [len(each.messages()) for each in (server, one, two)] == [0, 1, 1]
        assert [each.optouts for each in two.messages()] == [0]
        names = [each["name"] for each in server.control("GET", "/tenants")["tenants"]]
        assert {"one", "two"} <= set(names)
    names = [each["name"] for each in server.control("GET", "/tenants")["tenants"]]
    assert not {"one", "two"} & set(names)


def test_a_tenant_is_set_up_as_its_maker_says(server: Sandbox) -> None:
    moment = datetime(2030, 1, 31, 12, tzinfo=UTC)
    with server.new_tenant(frozen=moment, throttle=1, balance=0.01, seed="s") as tenant:
        assert tenant.now == moment
        assert tenant.call("send-sms", message="hello", to=HANDSET)["error"]["code"] == "LEDGER_ERROR"
        tenant.change_account(balance=5)
        answers = [tenant.call("get-balance")["error"]["code"] for _ in range(4)]
        assert answers.count("OVER_LIMIT") >= 1
    with pytest.raises(SandboxError, match="unknown field `colour`") as refused:
        server.new_tenant(colour="red")
    assert (refused.value.code, refused.value.status) == ("invalid", 422)


def test_reset_makes_a_tenant_fresh_and_keeps_its_receiver(tenant: Sandbox) -> None:
    key, receiver = tenant.key, tenant.receiver()
    receiver.fail(503)
    tenant.call("send-sms", message="hello", to=HANDSET)
    tenant.advance(seconds=2)
    tenant.reset()
    assert (tenant.messages(), receiver.received(), tenant.key) == ([], [], key)
    assert tenant.call("send-sms", message="hello", to=HANDSET)["message_id"] == 340000001
    tenant.advance(seconds=2)
    assert [each.answer for each in receiver.dlrs] == [200]


def test_a_reset_can_be_limited_to_some_kinds(tenant: Sandbox) -> None:
    tenant.call("send-sms", message="hello", to=HANDSET)
    tenant.call("add-list", name="abc")
    tenant.reset("messages")
    assert tenant.messages() == []
    assert len(tenant.call("get-lists")["lists"]) == 1
    assert tenant.call("send-sms", message="hello", to=HANDSET)["message_id"] == 340000002
    with pytest.raises(SandboxError, match="Invalid enum value"):
        tenant.reset("everything")


# Time


def test_the_clock_is_read_advanced_frozen_and_resumed(tenant: Sandbox) -> None:
    began = tenant.now
    done = tenant.advance(hours=1, seconds=30)
    assert (done.start, done.end) == (began, began + timedelta(hours=1, seconds=30))
    assert tenant.now == done.end
    later = done.end + timedelta(days=1)
    assert tenant.advance(to=later).end == later
    assert tenant.resume() >= later
    assert later < tenant.freeze() < later + timedelta(minutes=1)
    with pytest.raises(SandboxError, match="Say how far"):
        tenant.advance()


def test_an_advance_tells_what_happened(tenant: Sandbox) -> None:
    tenant.call("send-sms", message="hello", to=HANDSET)
    done = tenant.advance(minutes=1)
    assert done.counts == {"report": 1, "callback": 1}
    assert [each.kind for each in done.happened] == ["report", "callback"]
    assert [each["status"] for each in tenant.receiver().dlrs] == ["delivered"]


# Messages, recipients and callbacks


def test_messages_recipients_and_callbacks_come_in_order(tenant: Sandbox) -> None:
    for word in ("one", "two", "three"):
        tenant.call("send-sms", message=word, to=f"{HANDSET},61491570157")
    tenant.advance(seconds=2)
    assert [each.text for each in tenant.messages()] == ["one", "two", "three"]
    assert [each.text for each in tenant.messages(text="tw")] == ["two"]
    assert [each.text for each in tenant.recipients(msisdn=HANDSET)] == ["one", "two", "three"]
    assert {each.status for each in tenant.recipients()} == {"delivered"}
    listed = tenant.callbacks(event="dlr", msisdn=HANDSET)
    assert [each.message_id for each in listed] == [340000001, 340000002, 340000003]
    assert [each.state for each in listed] == ["delivered"] * 3
    assert [one.status for each in listed for one in each.attempts] == [200] * 3


def test_a_long_list_is_read_to_its_end(tenant: Sandbox) -> None:
    numbers = [f"614{12000000 + 37 * each}" for each in range(1100)]
    for start in range(0, 1100, 500):
        tenant.call("send-sms", message="hello", to=",".join(numbers[start : start + 500]))
    tenant.advance(seconds=2)
    assert [each.msisdn for each in tenant.recipients()] == numbers


# Handsets


def test_a_handset_shows_replies_and_taps(tenant: Sandbox) -> None:
    handset = tenant.handset("0491 570 156")
    assert handset.number == HANDSET
    assert handset.inbox() == []
    with pytest.raises(SandboxError, match=f"No text on handset {HANDSET} has a short link"):
        handset.tap_link()
    url = "http://abc.example/offer"
    tenant.call("send-sms", message="See [tracked-link]", to=HANDSET, tracked_link_url=url)
    tenant.call("send-sms", message="No link", to=HANDSET)
    assert handset.tap_link() == url
    assert [each.partition(" ")[0] for each in handset.inbox()] == ["See", "No"]
    taken = handset.reply("Yes please")
    assert (taken.message_id, taken.is_optout) == (340000002, False)
    assert handset.reply("STOP").is_optout
    tenant.advance(seconds=2)
    assert [each.event for each in tenant.receiver().received()].count("link-hit") == 1
    # Both are sent at once, so their order is not certain.
    assert sorted(each["response"] for each in tenant.receiver().replies) == ["STOP", "Yes please"]
    with pytest.raises(ValueError, match="is not a phone number"):
        tenant.handset("nobody")


def test_an_unsolicited_message_is_inbound(tenant: Sandbox) -> None:
    with pytest.raises(SandboxError) as refused:
        tenant.send_inbound(HANDSET, "Hello?")
    assert refused.value.code == "conflict"
    leased = str(tenant.call("get-numbers", filter="owned")["numbers"][0]["number"])
    taken = tenant.send_inbound(HANDSET, "Hello?", to=leased)
    assert (taken.message_id, taken.to) == (0, leased)
    tenant.advance(seconds=1)
    assert [each.event for each in tenant.receiver().replies] == ["inbound"]
