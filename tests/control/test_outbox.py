"""Operations on e-mails in both directions, and on sender IDs."""

from collections.abc import Callable

import pytest

from tests.sandbox import HANDSET, Account

OWN_NUMBER = "61491570112"


def mail(**more: str) -> dict[str, str]:
    return {"from": "me@example.com", "to": f"{HANDSET}@transmitsms.com", "text": "Hello by mail", **more}


def test_forwards_and_replies_are_in_the_outbox(tenant: Account) -> None:
    tenant.api("edit-number-options", number=OWN_NUMBER, forward_email="a@example.com,b@example.com")
    tenant.send(replies_to_email="c@example.com")
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Yes"})
    outbox = tenant.ok("GET", "/mails")
    assert outbox["page"] == {"number": 1, "count": 1, "total": 3}
    newest = outbox["mails"][0]
    assert {name: newest[name] for name in ("why", "from", "to", "subject", "text")} == {
        "why": "number", "from": f"{HANDSET}@transmitsms.com", "to": "b@example.com",
        "subject": f"SMS from {HANDSET} to {OWN_NUMBER}", "text": "Yes",
    }  # fmt: skip
    assert [(each["why"], each["to"]) for each in outbox["mails"]] == [
        ("number", "b@example.com"), ("number", "a@example.com"), ("reply", "c@example.com"),
    ]  # fmt: skip
    assert [each["id"] for each in tenant.ok("GET", "/mails", to="a@example.com")["mails"]] == [2]
    assert tenant.ok("GET", "/mails", max=1, page=3)["mails"][0]["to"] == "c@example.com"


def test_each_tenant_has_its_own_outbox(tenant: Account) -> None:
    assert tenant.ok("GET", "/mails") == {"page": {"number": 1, "count": 1, "total": 0}, "mails": []}


def test_a_mail_from_an_authorised_address_becomes_an_sms(tenant: Account) -> None:
    tenant.api("add-email", email="me@example.com", max_sms=2)
    answer = tenant.control("POST", "/mails", mail(text="Hi [firstname] " + "x" * 400, subject="Not sent"))
    assert answer.status == 201
    message = answer.json
    assert (message["sender"], message["parts"], message["recipients"]) == (OWN_NUMBER, 2, 1)
    assert message["text"] == ("Hi [firstname] " + "x" * 400)[: message_length(2)]
    assert tenant.api("get-balance")["balance"] == pytest.approx(1000 - 2 * 0.087)
    tenant.ok("POST", "/clock/advance", {"seconds": 5})
    (recipient,) = tenant.ok("GET", "/recipients", message=message["id"])["recipients"]
    assert (recipient["msisdn"], recipient["status"], recipient["text"]) == (HANDSET, "delivered", message["text"])
    (report,) = tenant.api("get-message-report", type="email_sms")["messages"]
    assert (report["type"], report["id"]) == ("email_sms", message["id"])


def message_length(parts: int) -> int:
    """Return how many characters fit in these parts. Each bracket takes two."""
    return 153 * parts - 2


def test_a_reply_to_a_mail_is_mailed_back(tenant: Account) -> None:
    tenant.api("add-email", email="*@example.com")
    tenant.ok("POST", "/mails", mail())
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "Got it"})
    (back,) = tenant.ok("GET", "/mails")["mails"]
    assert (back["why"], back["to"], back["text"]) == ("reply", "me@example.com", "Got it")


def test_a_mail_is_sent_from_the_configured_number(tenant: Account) -> None:
    leased = tenant.api("lease-number")["number"]
    tenant.api("add-email", email="me@example.com", number=leased)
    assert tenant.ok("POST", "/mails", mail())["sender"] == str(leased)
    tenant.api("add-email", email="me@example.com", number=OWN_NUMBER)
    tenant.ok("PATCH", "/account", {"balance": 0})
    tenant.ok("POST", "/clock/advance", {"days": 32})
    tenant.ok("PATCH", "/account", {"balance": 10})
    answer = tenant.control("POST", "/mails", mail())
    assert (answer.status, answer.code) == (409, "conflict")
    assert "out of service" in answer.json["error"]["message"]
    tenant.api("add-email", email="me@example.com")
    assert tenant.ok("POST", "/mails", mail())["sender"] == "61491570101"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"from": "you@example.com"}, "you@example.com may not send SMS for this account; add-email allows it."),
        ({"to": "me@transmitsms.com"}, "must be a phone number in international form."),
        ({"to": "0491570156@transmitsms.com"}, "must be a phone number in international form."),
    ],
)
def test_a_mail_that_does_not_become_an_sms_is_refused_with_a_reason(
    tenant: Account, given: dict[str, str], why: str
) -> None:
    tenant.api("add-email", email="me@example.com")
    answer = tenant.control("POST", "/mails", mail(**given))
    assert (answer.status, answer.code) == (409, "conflict")
    assert answer.json["error"]["message"].endswith(why)
    assert tenant.ok("GET", "/messages")["messages"] == []


def test_a_mail_needs_money_and_a_handset_that_has_not_opted_out(tenant: Account) -> None:
    tenant.api("add-email", email="me@example.com")
    tenant.ok("PATCH", "/account", {"balance": 0.08})
    assert tenant.refused("POST", "/mails", mail()) == (409, "conflict")
    assert tenant.ok("GET", "/messages")["messages"] == []
    tenant.ok("PATCH", "/account", {"balance": 10})
    tenant.ok("POST", "/inbound", {"from": HANDSET, "to": OWN_NUMBER, "text": "STOP"})
    assert tenant.refused("POST", "/mails", mail()) == (409, "conflict")


@pytest.mark.parametrize("wrong", [{"from": "me"}, {"to": "x"}, {"text": ""}, {"cc": "a@b"}])
def test_an_invalid_mail_is_refused(tenant: Account, wrong: dict[str, str]) -> None:
    assert tenant.refused("POST", "/mails", mail(**wrong)) == (422, "invalid")


def test_sender_words_are_registered_and_removed(new_tenant: Callable[..., Account]) -> None:
    tenant = new_tenant(strict_senders=True)
    assert tenant.api("send-sms", message="hi", to=HANDSET, from_="Shop")["error"]["code"] == "BAD_CALLER_ID"
    assert tenant.ok("PUT", "/sender-ids/Shop") == {"sender_ids": ["Shop"]}
    assert tenant.ok("PUT", "/sender-ids/Art") == {"sender_ids": ["Art", "Shop"]}
    tenant.send(from_="Shop")
    assert tenant.api("get-sender-ids")["result"]["caller_ids"]["Business Name"] == ["Art", "Shop"]
    assert tenant.ok("DELETE", "/sender-ids/Shop") == {"sender_ids": ["Art"]}
    assert tenant.refused("DELETE", "/sender-ids/Shop") == (404, "not_found")
    assert tenant.api("send-sms", message="hi", to=HANDSET, from_="Shop")["error"]["code"] == "BAD_CALLER_ID"


def test_a_word_with_a_space_sends_once_it_is_registered(tenant: Account) -> None:
    assert tenant.api("send-sms", message="hi", to=HANDSET, from_="My Shop")["error"]["code"] == "BAD_CALLER_ID"
    assert tenant.ok("PUT", "/sender-ids/My%20Shop") == {"sender_ids": ["My Shop"]}
    sent = tenant.send(from_="My Shop")
    assert tenant.api("get-sms-delivery-status", message_id=sent, msisdn=HANDSET)["stats"]["sender_id"] == "My Shop"


@pytest.mark.parametrize("word", ["12345", "TwelveLetter", "%20Shop", "two%09words", "BadCallerId", "%00"])
def test_invalid_sender_words_are_refused(tenant: Account, word: str) -> None:
    assert tenant.refused("PUT", f"/sender-ids/{word}") == (422, "invalid")
    assert tenant.refused("DELETE", f"/sender-ids/{word}") == (404, "not_found")
