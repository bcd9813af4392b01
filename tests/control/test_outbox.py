"""Mails, out of the sandbox and into it, and the words an account may send from."""

from collections.abc import Callable

import pytest

from tests.serving import HANDSET, Account

OWN_NUMBER = "61491570112"


def mail(**more: str) -> dict[str, str]:
    return {"from": "me@example.com", "to": f"{HANDSET}@transmitsms.com", "text": "Hello by mail", **more}


def test_forwards_and_replies_lie_in_the_outbox(world: Account) -> None:
    world.api("edit-number-options", number=OWN_NUMBER, forward_email="a@example.com,b@example.com")
    world.send(replies_to_email="c@example.com")
    world.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})
    outbox = world.ok("GET", "/mails")
    assert outbox["page"] == {"number": 1, "count": 1, "total": 3}
    newest = outbox["mails"][0]
    assert {name: newest[name] for name in ("why", "from", "to", "subject", "text")} == {
        "why": "number", "from": f"{HANDSET}@transmitsms.com", "to": "b@example.com",
        "subject": f"SMS from {HANDSET} to {OWN_NUMBER}", "text": "Yes",
    }  # fmt: skip
    assert [(each["why"], each["to"]) for each in outbox["mails"]] == [
        ("number", "b@example.com"), ("number", "a@example.com"), ("reply", "c@example.com"),
    ]  # fmt: skip
    assert [each["id"] for each in world.ok("GET", "/mails", to="a@example.com")["mails"]] == [2]
    assert world.ok("GET", "/mails", max=1, page=3)["mails"][0]["to"] == "c@example.com"


def test_the_outbox_is_the_tenants_own(world: Account) -> None:
    assert world.ok("GET", "/mails") == {"page": {"number": 1, "count": 1, "total": 0}, "mails": []}


def test_a_mail_from_an_authorised_address_becomes_an_sms(world: Account) -> None:
    world.api("add-email", email="me@example.com", max_sms=2)
    answer = world.control("POST", "/mails", mail(text="Hi [firstname] " + "x" * 400, subject="Not sent"))
    assert answer.status == 201
    message = answer.json
    assert (message["sender"], message["parts"], message["recipients"]) == (OWN_NUMBER, 2, 1)
    assert message["text"] == ("Hi [firstname] " + "x" * 400)[: message_length(2)]
    assert world.api("get-balance")["balance"] == pytest.approx(1000 - 2 * 0.087)
    world.ok("POST", "/clock/advance", {"seconds": 5})
    (there,) = world.ok("GET", "/recipients", message=message["id"])["recipients"]
    assert (there["msisdn"], there["status"], there["text"]) == (HANDSET, "delivered", message["text"])
    (told,) = world.api("get-message-report", type="email_sms")["messages"]
    assert (told["type"], told["id"]) == ("email_sms", message["id"])


def message_length(parts: int) -> int:
    """What so many parts hold, less the one character that each bracket takes more."""
    return 153 * parts - 2


def test_a_reply_to_it_is_mailed_back(world: Account) -> None:
    world.api("add-email", email="*@example.com")
    world.ok("POST", "/mails", mail())
    world.ok("POST", "/inbound", {"from": HANDSET, "text": "Got it"})
    (back,) = world.ok("GET", "/mails")["mails"]
    assert (back["why"], back["to"], back["text"]) == ("reply", "me@example.com", "Got it")


def test_it_is_sent_from_the_number_that_was_set(world: Account) -> None:
    leased = world.api("lease-number")["number"]
    world.api("add-email", email="me@example.com", number=leased)
    assert world.ok("POST", "/mails", mail())["sender"] == str(leased)
    world.api("add-email", email="me@example.com", number=OWN_NUMBER)
    world.ok("PATCH", "/account", {"balance": 0})
    world.ok("POST", "/clock/advance", {"days": 32})
    world.ok("PATCH", "/account", {"balance": 10})
    answer = world.control("POST", "/mails", mail())
    assert (answer.status, answer.code) == (409, "conflict")
    assert "out of service" in answer.json["error"]["message"]
    world.api("add-email", email="me@example.com")
    assert world.ok("POST", "/mails", mail())["sender"] == "61491570101"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"from": "you@example.com"}, "you@example.com may not send SMS for this account; add-email lets it."),
        ({"to": "me@transmitsms.com"}, "is no number of a handset."),
        ({"to": "0491570156@transmitsms.com"}, "is no number of a handset."),
    ],
)
def test_what_does_not_become_an_sms_is_said(world: Account, given: dict[str, str], why: str) -> None:
    world.api("add-email", email="me@example.com")
    answer = world.control("POST", "/mails", mail(**given))
    assert (answer.status, answer.code) == (409, "conflict")
    assert answer.json["error"]["message"].endswith(why)
    assert world.ok("GET", "/messages")["messages"] == []


def test_it_needs_money_and_a_handset_that_wants_it(world: Account) -> None:
    world.api("add-email", email="me@example.com")
    world.ok("PATCH", "/account", {"balance": 0.08})
    assert world.refused("POST", "/mails", mail()) == (409, "conflict")
    assert world.ok("GET", "/messages")["messages"] == []
    world.ok("PATCH", "/account", {"balance": 10})
    world.ok("POST", "/inbound", {"from": HANDSET, "to": OWN_NUMBER, "text": "STOP"})
    assert world.refused("POST", "/mails", mail()) == (409, "conflict")


@pytest.mark.parametrize("wrong", [{"from": "me"}, {"to": "x"}, {"text": ""}, {"cc": "a@b"}])
def test_a_badly_written_mail_is_refused(world: Account, wrong: dict[str, str]) -> None:
    assert world.refused("POST", "/mails", mail(**wrong)) == (422, "invalid")


def test_words_are_registered_and_no_more(worlds: Callable[..., Account]) -> None:
    world = worlds(strict_senders=True)
    assert world.api("send-sms", message="hi", to=HANDSET, from_="Shop")["error"]["code"] == "BAD_CALLER_ID"
    assert world.ok("PUT", "/sender-ids/Shop") == {"sender_ids": ["Shop"]}
    assert world.ok("PUT", "/sender-ids/Art") == {"sender_ids": ["Art", "Shop"]}
    world.send(from_="Shop")
    assert [each["sender_id"] for each in world.api("get-sender-ids")["sender_ids"]][1:] == ["Art", "Shop"]
    assert world.ok("DELETE", "/sender-ids/Shop") == {"sender_ids": ["Art"]}
    assert world.refused("DELETE", "/sender-ids/Shop") == (404, "not_found")
    assert world.api("send-sms", message="hi", to=HANDSET, from_="Shop")["error"]["code"] == "BAD_CALLER_ID"


@pytest.mark.parametrize("word", ["12345", "TwelveLetter", "two%20words", "BadCallerId", "%00"])
def test_what_can_not_be_registered(world: Account, word: str) -> None:
    assert world.refused("PUT", f"/sender-ids/{word}") == (422, "invalid")
    assert world.refused("DELETE", f"/sender-ids/{word}") == (404, "not_found")
