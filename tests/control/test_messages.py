"""Operations on messages, recipients and inbound messages."""

import pytest

from sms_sandbox.simulation.inbound import receive as inbound
from sms_sandbox.store.timeline import GoneError
from tests.control.conftest import NOON
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

HUGE = 10**30


# Messages and recipients


def test_messages_are_listed_newest_first_and_filtered(frozen: Account) -> None:
    one, two = frozen.send("first"), frozen.send("50% off_now", from_="SHOP")
    later = frozen.send("later", send_at="2030-02-01 00:00:00")
    frozen.api("cancel-sms", id=later)
    frozen.ok("POST", "/clock/advance", {"seconds": 0.1})

    def ids(**query: object) -> list[int]:
        return [each["id"] for each in frozen.ok("GET", "/messages", **query)["messages"]]

    assert ids() == [later, two, one]
    assert ids(sender="SHOP") == [two]
    assert ids(status="cancelled") == [later]
    assert ids(status="sent") == [two, one]
    assert ids(text="0% o") == [two]
    assert ids(text="%") == [two]
    assert ids(text="f_n") == [two]
    assert ids(text="f.n") == []
    assert ids(text="OFF_") == [two]
    assert ids(page=2, max=2) == [one]
    assert frozen.ok("GET", "/messages", max=2)["page"] == {"number": 1, "count": 2, "total": 3}
    message = frozen.ok("GET", f"/messages/{two}")
    assert message == frozen.ok("GET", "/messages", sender="SHOP")["messages"][0]
    assert (message["text"], message["sender"], message["send_at"]) == ("50% off_now", "SHOP", NOON)
    assert (message["recipients"], message["pending"], message["parts"], message["cost"]) == (1, 1, 1, 0.087)


def test_messages_are_found_by_handset_account_list_time_and_outcome(frozen: Account) -> None:
    list_id = int(frozen.api_ok("add-list", name="friends")["id"])
    frozen.api_ok("add-to-list", list_id=list_id, msisdn="61491570157")
    one = frozen.send("one")
    frozen.ok("POST", "/clock/advance", {"hours": 1})
    two = int(frozen.api_ok("send-sms", message="two", list_id=list_id)["message_id"])
    both = frozen.send("both", f"{HANDSET},61491572665")
    frozen.ok("POST", "/clock/advance", {"minutes": 1})
    late = frozen.send("late")

    def ids(**query: object) -> list[int]:
        return [each["id"] for each in frozen.ok("GET", "/messages", **query)["messages"]]

    assert ids(number="0491 570 156") == ids(number=HANDSET) == [late, both, one]
    assert ids(number="61491570157") == ids(list=list_id) == [two]
    account = frozen.ok("GET", "/messages")["messages"][0]["account_id"]
    assert ids(account=account) == [late, both, two, one]
    assert ids(account=account + 1) == ids(list=list_id + 1) == []
    assert ids(status="pending") == [late]
    assert ids(status="delivered") == [both, two, one]
    assert ids(status="hard-bounce") == [both]
    assert ids(status="soft-bounce") == []
    assert ids(since="2030-01-31T13:00:00Z", until="2030-01-31T13:00:30Z") == [both, two]
    assert frozen.refused("GET", "/messages?number=x") == (422, "invalid")
    assert frozen.refused("GET", "/messages?since=1969-01-01T00:00:00Z") == (422, "invalid")
    listed = {each["id"]: each for each in frozen.ok("GET", "/messages")["messages"]}
    assert (listed[one]["number"], listed[both]["number"], listed[two]["number"]) == (HANDSET, None, None)
    assert (listed[two]["list_name"], listed[one]["list_name"]) == ("friends", "")


@pytest.mark.parametrize(("written", "asked"), [("ÜBER Łódź", "über ŁÓD"), ("ΣΑΣ", "σασ"), ("straße", "STRAßE")])
def test_texts_are_found_in_any_case_in_any_alphabet(tenant: Account, written: str, asked: str) -> None:
    tenant.send(written)
    assert tenant.ok("GET", "/messages", text=asked)["page"]["total"] == 1
    for subject in ("calls", "messages"):
        assert tenant.ok("POST", "/wait", {"of": subject, "where": {"text": asked}, "timeout_seconds": 0})["ok"]


@pytest.mark.parametrize("kind", ["messages", "callbacks"])
@pytest.mark.parametrize("number", ["0", "999", "-1", "x", "1.0", str(HUGE), str(2**63), "%00", "9" * 5000])
def test_an_unknown_id_is_not_found(frozen: Account, kind: str, number: str) -> None:
    assert frozen.refused("GET", f"/{kind}/{number}") == (404, "not_found")


@pytest.mark.parametrize("number", ["0", "999", "-1", "x", str(HUGE), str(2**63)])
def test_an_action_on_an_unknown_id_is_not_found(frozen: Account, number: str) -> None:
    assert frozen.refused("PUT", f"/recipients/{number}/fate", {"status": "never"}) == (404, "not_found")
    assert frozen.refused("POST", f"/callbacks/{number}/send") == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/messages", {"status": "lost"}),
        ("/messages", {"text": "a\x00b"}),
        ("/messages", {"sender": "a\x00b"}),
        ("/messages", {"colour": "red"}),
        ("/messages", {"page": HUGE}),
        ("/recipients", {"message": HUGE}),
        ("/recipients", {"message": "x"}),
        ("/recipients", {"message": -1}),
        ("/recipients", {"msisdn": "\x00"}),
        ("/recipients", {"status": "lost"}),
        ("/callbacks", {"event": "lost"}),
        ("/callbacks", {"state": "lost"}),
        ("/callbacks", {"message": 2**63}),
        ("/callbacks", {"msisdn": "x\x00"}),
    ],
)
def test_a_filter_that_does_not_fit_is_refused(frozen: Account, path: str, query: dict[str, object]) -> None:
    assert frozen.refused("GET", path, None, **query) == (422, "invalid")


@pytest.mark.parametrize("text", ["\ud83d\ude00 \u00fc", "'; --", "%", "\x01\x7f", "x" * 2000])
def test_a_text_filter_accepts_any_text(frozen: Account, text: str) -> None:
    query = {"text": text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")}
    assert frozen.ok("GET", "/messages", **query)["messages"] == []


def test_recipients_show_what_the_handset_shows(frozen: Account) -> None:
    one = frozen.send("hi", f"{HANDSET},61491570157")
    two = frozen.send("[tracked-link] yes", tracked_link_url="https://example.com/")
    whole = frozen.ok("GET", "/recipients")["recipients"]
    assert [(each["message_id"], each["msisdn"]) for each in whole] == [
        (two, HANDSET),
        (one, "61491570157"),
        (one, HANDSET),
    ]
    assert whole[0]["text"].startswith("TapTh.is/")
    assert whole[0]["text"].endswith(" yes")
    assert [each["msisdn"] for each in frozen.ok("GET", "/recipients", message=one)["recipients"]] == [
        "61491570157",
        HANDSET,
    ]
    assert len(frozen.ok("GET", "/recipients", msisdn=HANDSET)["recipients"]) == 2
    assert frozen.ok("GET", "/recipients", status="delivered")["recipients"] == []
    later = frozen.send("later", send_at="2031-01-01 00:00:00")
    assert [each["message_id"] for each in frozen.ok("GET", "/recipients", sent="false")["recipients"]] == [later]
    assert later not in [each["message_id"] for each in frozen.ok("GET", "/recipients", sent="true")["recipients"]]


# Fates


def recipient(tenant: Account) -> int:
    """Send a message that the carrier accepts. Return its recipient."""
    tenant.send()
    tenant.ok("POST", "/clock/advance", {"seconds": 0.1})
    return int(tenant.ok("GET", "/recipients", max=1)["recipients"][0]["id"])


def state(tenant: Account, number: int) -> tuple[str, str | None]:
    response = {each["id"]: each for each in tenant.ok("GET", "/recipients")["recipients"]}[number]
    return response["status"], response["reported_at"]


@pytest.mark.parametrize("fate", ["delivered", "soft-bounce", "hard-bounce"])
def test_a_fate_set_by_hand_is_reported(frozen: Account, receiver: Receiver, fate: str) -> None:
    frozen.ok("PATCH", "/account", {"dlr_url": receiver.url})
    number = recipient(frozen)
    answer = frozen.ok("PUT", f"/recipients/{number}/fate", {"status": fate, "after_seconds": 30})
    assert (answer["id"], answer["status"]) == (number, "pending")
    frozen.ok("POST", "/clock/advance", {"seconds": 29.9})
    assert state(frozen, number) == ("pending", None)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert state(frozen, number) == (fate, "2030-01-31T12:00:30.100000Z")
    assert [each["status"] for each in receiver.received] == [fate]
    assert frozen.refused("PUT", f"/recipients/{number}/fate", {"status": "delivered"}) == (409, "conflict")


def test_the_last_fate_that_is_set_counts(frozen: Account) -> None:
    number = recipient(frozen)
    frozen.ok("PUT", f"/recipients/{number}/fate", {"status": "never"})
    frozen.ok("PUT", f"/recipients/{number}/fate", {"status": "hard-bounce", "after_seconds": 5})
    result = frozen.ok("POST", "/clock/advance", {"days": 5})
    assert result["counts"] == {"report": 1}
    assert state(frozen, number)[0] == "hard-bounce"


def test_the_fate_never_expires_after_three_days(frozen: Account) -> None:
    number = recipient(frozen)
    frozen.ok("PUT", f"/recipients/{number}/fate", {"status": "never"})
    frozen.ok("POST", "/clock/advance", {"hours": 71.9})
    assert state(frozen, number)[0] == "pending"
    frozen.ok("POST", "/clock/advance", {"hours": 1})
    assert state(frozen, number) == ("soft-bounce", "2030-02-03T12:00:00Z")


def test_a_report_after_the_validity_is_an_expiry(frozen: Account) -> None:
    frozen.ok("PATCH", "/tenants/current", {"delivery_seconds": 600})
    frozen.send(validity=10)
    frozen.ok("POST", "/clock/advance", {"seconds": 60})
    (recipient,) = frozen.ok("GET", "/recipients")["recipients"]
    frozen.ok("PUT", f"/recipients/{recipient['id']}/fate", {"status": "delivered", "after_seconds": 3600})
    frozen.ok("POST", "/clock/advance", {"hours": 2})
    assert state(frozen, recipient["id"]) == ("soft-bounce", "2030-01-31T12:10:00Z")


def test_a_scheduled_message_cannot_get_a_fate(frozen: Account) -> None:
    frozen.send(send_at="2030-02-01 00:00:00")
    (recipient,) = frozen.ok("GET", "/recipients")["recipients"]
    assert frozen.refused("PUT", f"/recipients/{recipient['id']}/fate", {"status": "delivered"}) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "lost"},
        {"status": "delivered", "after_seconds": -1},
        {"status": "delivered", "after_seconds": HUGE},
        {"status": "delivered", "when": 5},
        {"status": None},
    ],
)
def test_an_unknown_fate_is_refused(frozen: Account, body: dict[str, object]) -> None:
    number = recipient(frozen)
    assert frozen.refused("PUT", f"/recipients/{number}/fate", body) == (422, "invalid")
    frozen.ok("POST", "/clock/advance", {"seconds": 5})
    assert state(frozen, number)[0] == "delivered"


# Inbound messages


def test_a_reply_reaches_the_message_it_answers(frozen: Account, receiver: Receiver) -> None:
    message = frozen.send(reply_callback=f"{receiver.url}/mo?mine=1")
    taken = frozen.ok("POST", "/inbound", {"from": f"+{HANDSET}", "text": "thanks \u00fc"})
    assert taken["message_id"] == message
    assert taken["is_optout"] is False
    assert taken["callback_url"] == f"{receiver.url}/mo?mine=1"
    (got,) = receiver.wait_for(1)
    assert (got["response"], got["mobile"], got["message_id"]) == ("thanks \u00fc", HANDSET, str(message))
    assert got["response_id"] == str(taken["response_id"])
    assert frozen.api("get-sms-responses", message_id=message)["responses"][0]["response"] == "thanks \u00fc"


def test_a_message_to_an_owned_number_is_inbound(frozen: Account, receiver: Receiver) -> None:
    frozen.ok("PATCH", "/account", {"reply_url": receiver.url})
    own = frozen.api("get-numbers", filter="owned")["numbers"][0]["number"]
    taken = frozen.ok("POST", "/inbound", {"from": HANDSET, "to": f"+{own}", "text": "anybody?"})
    assert (taken["message_id"], taken["to"]) == (0, str(own))
    receiver.wait_for(1)
    assert frozen.ok("GET", "/callbacks")["callbacks"][0]["event"] == "inbound"


def test_stop_opts_out(frozen: Account) -> None:
    frozen.send()
    assert frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "STOP"})["is_optout"] is True
    assert frozen.api("send-sms", message="more", to=HANDSET)["error"]["code"] == "RECIPIENTS_ERROR"


@pytest.mark.parametrize(
    "body",
    [
        {"from": HANDSET, "text": "nobody wrote yet"},
        {"from": HANDSET, "text": "no such number", "to": "61400000000"},
        {"from": HANDSET, "text": "nobody leases it", "to": "61491570120"},
    ],
)
def test_a_message_that_reaches_nobody_is_a_conflict(frozen: Account, body: dict[str, object]) -> None:
    assert frozen.refused("POST", "/inbound", body) == (409, "conflict")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from": HANDSET},
        {"text": "hi"},
        {"from": HANDSET, "text": ""},
        {"from": HANDSET, "text": "a\x00b"},
        {"from": HANDSET, "text": "x" * 2001},
        {"from": "me", "text": "hi"},
        {"from": "6" * 16, "text": "hi"},
        {"from": int(HANDSET), "text": "hi"},
        {"from": HANDSET, "text": "hi", "to": ""},
        {"from": HANDSET, "text": "hi", "at": NOON},
        {"from_": HANDSET, "text": "hi"},
        {"from": f"{HANDSET}\n", "text": "hi"},
    ],
)
def test_an_invalid_message_is_refused(frozen: Account, body: dict[str, object]) -> None:
    frozen.send()
    assert frozen.refused("POST", "/inbound", body) == (422, "invalid")
    assert frozen.api("get-user-sms-responses")["total"] == 0


def test_a_call_in_a_tenant_that_is_deleted_during_it_is_refused(
    tenant: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def receive(*_: object) -> None:
        raise GoneError

    monkeypatch.setattr(inbound, "receive", receive)
    assert tenant.refused("POST", "/inbound", {"from": HANDSET, "text": "Hi"}) == (404, "not_found")
