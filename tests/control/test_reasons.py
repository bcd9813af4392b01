"""The reasons for a message's sender, parts, price and fate."""

import pytest

from tests.sandbox import HANDSET, Account

BROKEN = "61491572665"


def reasons(tenant: Account, message: int) -> dict[str, object]:
    answer = tenant.ok("GET", f"/messages/{message}/reasons")
    assert all(answer[name].endswith(".") for name in ("sender", "parts", "price", "fate", "delivery_report")), answer
    return dict(answer)


def test_the_sender_is_explained(frozen: Account) -> None:
    assert reasons(frozen, frozen.send("hi", from_="SHOP"))["sender"] == "The call gave it: from=SHOP."
    assert "lowest number that the account leases" in str(reasons(frozen, frozen.send("hi"))["sender"])
    leased = next(each["number"] for each in frozen.ok("GET", "/numbers")["numbers"] if not each["shared"])
    answer = reasons(frozen, frozen.send("hi", from_=f"+{leased}"))
    assert answer["sender"] == f"The call gave it: from=+{leased}."
    frozen.ok("DELETE", "/traffic")
    answer = reasons(frozen, frozen.ok("GET", "/messages")["messages"][0]["id"])
    assert str(answer["sender"]).startswith("The call is no longer in the traffic.")
    assert (answer["call_id"], answer["reply_xml"]) == (None, None)


@pytest.mark.parametrize(("text", "encoding", "parts", "words"), [
    ("hello", "GSM-7", 1, "All characters are in GSM-7. 5 septets: up to 160 fit one part."),
    ("{" + "a" * 159, "GSM-7", 2, "{ (U+007B) count twice. 161 septets: over 160, so each part holds 153."),
    ("ok ✓", "UCS-2", 1, "✓ (U+2713) are not in GSM-7, so the whole text is UCS-2. 4 UTF-16 units: up to 70"),
])  # fmt: skip
def test_the_parts_are_explained(frozen: Account, text: str, encoding: str, parts: int, words: str) -> None:
    answer = reasons(frozen, frozen.send(text))
    assert words in str(answer["parts"])
    texts = answer["texts"]
    assert isinstance(texts, list)
    assert (answer["encoding"], len(texts), "".join(texts)) == (encoding, parts, text)


def test_the_price_is_explained(frozen: Account) -> None:
    message = frozen.send("a" * 200, f"{HANDSET},61491570157")
    assert reasons(frozen, message)["price"] == "4 parts to 2 handsets, at 0.087 a part: 0.348."


def test_the_fate_is_explained_before_and_after_the_report(frozen: Account) -> None:
    rule = frozen.ok("POST", "/rules", {"match": {"text": "lost"}, "scenario": "soft-bounce"})["id"]
    cases = {
        frozen.send("hi"): f"No carrier rule matched, and {HANDSET} has no scenario of its own, so it is delivered.",
        frozen.send("hi", BROKEN): f"No carrier rule matched, and {BROKEN} has the scenario hard-bounce: ",
        frozen.send("lost"): f"Carrier rule {rule} (soft-bounce) matched; it is the first that did.",
        frozen.send(
            "hi", f"{HANDSET},{BROKEN}"
        ): "Chosen by scenario hard-bounce for 1; it is delivered to all others.",
        frozen.send("hi", f"{HANDSET},61491570157"): "No carrier rule and no scenario chose it",
    }
    later = frozen.send("hi", send_at="2030-02-01 09:00:00")
    for _ in range(2):
        for message, words in cases.items():
            assert str(reasons(frozen, message)["fate"]).startswith(words)
        frozen.ok("POST", "/clock/advance", {"minutes": 1})
    assert str(reasons(frozen, later)["fate"]).startswith("It waits for its time.")
    frozen.api_ok("cancel-sms", id=later)
    assert reasons(frozen, later)["fate"] == "It was cancelled before it was sent."


def test_the_delivery_report_is_explained(frozen: Account) -> None:
    def delivery_report(message: int) -> str:
        return str(reasons(frozen, message)["delivery_report"])

    silent, loud = frozen.send("hi"), frozen.send("hi", dlr_callback="http://localhost:1/?secret=x")
    assert delivery_report(silent) == (
        "Neither the call (`dlr_callback`) nor the account has a URL for delivery reports, so none is sent."
    )
    sent = "Goes to `http://localhost:1/?secret=…`: the call gave it as `dlr_callback`."
    frozen_clock = " The clock is frozen, so nothing more happens until it is resumed or advanced."
    unreported = " Nothing was sent yet, because the carrier has not reported."
    assert delivery_report(loud) == f"{sent}{unreported}{frozen_clock}"
    frozen.ok("POST", "/clock/advance", {"minutes": 1})
    failed = " The last attempt failed: nothing listens at localhost:1."
    assert delivery_report(loud) == f"{sent}{failed}{frozen_clock}"
    frozen.ok("POST", "/clock/advance", {"days": 3})
    assert delivery_report(loud) == f"{sent}{failed} It was given up."
    frozen.ok("PATCH", "/account", {"dlr_url": "http://localhost:1/all"})
    assert delivery_report(silent).startswith("There was no URL for delivery reports at that time, so none was sent.")
    later = frozen.send("hi", send_at="2030-03-01 09:00:00")
    assert delivery_report(later).startswith(
        "Goes to `http://localhost:1/all`: the call gave no `dlr_callback`, and the account"
    )
    frozen.api_ok("cancel-sms", id=later)
    assert delivery_report(later) == "It was cancelled, so there is nothing to report."


def test_a_report_of_a_campaign_that_did_not_arrive_is_explained(frozen: Account) -> None:
    refused = "http://169.254.169.254/"
    message = frozen.send("hi", f"{HANDSET},61491570157", dlr_callback=refused)
    frozen.ok("POST", "/clock/advance", {"minutes": 1})
    words = str(reasons(frozen, message)["delivery_report"])
    assert " The last attempt for 61491570157 failed: 169.254.169.254 is " in words
    frozen.ok("POST", "/clock/resume")
    assert "frozen" not in str(reasons(frozen, message)["delivery_report"])


def test_the_answer_of_the_call_is_shown_in_xml_too(frozen: Account) -> None:
    message = frozen.send("hi")
    answer = reasons(frozen, message)
    call = frozen.ok("GET", f"/traffic/{answer['call_id']}")
    assert (call["method"], call["message_id"]) == ("send-sms", message)
    assert f"<message_id>{message}</message_id>" in str(answer["reply_xml"])
    assert str(answer["reply_xml"]).startswith('<?xml version="1.0"?>')


def test_messages_without_a_call_are_explained(frozen: Account) -> None:
    number = next(each["number"] for each in frozen.ok("GET", "/numbers")["numbers"] if not each["shared"])
    frozen.api_ok("add-keyword", keyword="hours", number=number, reference="r", welcome_message="8 to 6")
    frozen.ok("POST", "/inbound", {"from": HANDSET, "to": number, "text": "hours"})
    (message,) = frozen.ok("GET", "/messages")["messages"]
    assert "automatically" in str(reasons(frozen, message["id"])["sender"])
