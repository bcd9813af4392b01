"""Operations on callbacks: listed, filtered and sent again."""

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account


def test_callbacks_are_listed_with_their_attempts_and_filtered(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 503
    message = frozen.send(dlr_callback=f"{receiver.url}/dlr", reply_callback=f"{receiver.url}/mo")
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    receiver.status = 204
    frozen.ok("POST", "/inbound", {"from": HANDSET, "text": "hi"})
    frozen.ok("POST", "/clock/advance", {"seconds": 1})

    def events(**query: object) -> list[str]:
        return [each["event"] for each in frozen.ok("GET", "/callbacks", **query)["callbacks"]]

    assert events() == ["reply", "dlr"]
    assert events(event="dlr") == ["dlr"]
    assert events(state="waiting") == ["dlr"]
    assert events(state="delivered") == ["reply"]
    assert events(state="given-up") == []
    assert events(message=message) == ["reply", "dlr"]
    assert events(message=message + 1) == []
    assert events(msisdn=HANDSET, max=1) == ["reply"]
    failed = frozen.ok("GET", "/callbacks", event="dlr")["callbacks"][0]
    assert failed == frozen.ok("GET", f"/callbacks/{failed['id']}")
    assert failed["next_due"] == "2030-01-31T12:01:01Z"
    (one,) = failed["attempts"]
    assert (one["number"], one["status"], one["error"]) == (1, 503, "answered 503")
    assert one["latency_ms"] > 0
    assert receiver.received[0].headers["x-transmitsms-signature"] == failed["signature"]
    assert f"{receiver.url}{receiver.received[0].path}?" in failed["url"]


def test_a_callback_without_an_answer_says_why(frozen: Account, receiver: Receiver) -> None:
    receiver.close()
    frozen.send(dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    assert callback["attempts"][0]["status"] is None
    assert callback["attempts"][0]["error"] == f"nothing listens at {receiver.url.split('/')[2]}"


def test_a_waiting_callback_is_sent_now(frozen: Account, receiver: Receiver) -> None:
    receiver.status = 500
    frozen.send(dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    receiver.status = 200
    answer = frozen.control("POST", f"/callbacks/{callback['id']}/send")
    assert answer.status == 202
    assert answer.json["next_due"] == "2030-01-31T12:00:02Z"
    receiver.wait_for(2)
    frozen.ok("POST", "/clock/advance", {"days": 3})
    after = frozen.ok("GET", f"/callbacks/{callback['id']}")
    assert (after["state"], len(after["attempts"]), after["next_due"]) == ("delivered", 2, None)
    assert len(receiver.received) == 2


def test_a_delivered_callback_is_sent_once_more(frozen: Account, receiver: Receiver) -> None:
    frozen.send(dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    assert callback["state"] == "delivered"
    frozen.ok("POST", f"/callbacks/{callback['id']}/send")
    first, second = receiver.wait_for(2)
    assert first.query == second.query
    frozen.ok("POST", "/clock/advance", {"days": 3})
    after = frozen.ok("GET", f"/callbacks/{callback['id']}")
    assert [one["number"] for one in after["attempts"]] == [1, 2]
    assert after["state"] == "delivered"
    assert len(receiver.received) == 2


def test_callbacks_show_their_rule(frozen: Account, receiver: Receiver) -> None:
    frozen.send("hi", dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"seconds": 1})
    assert frozen.ok("GET", "/callbacks")["callbacks"][0]["rule"] == ""


def test_secrets_in_callbacks_are_hidden_but_sent(frozen: Account, receiver: Receiver) -> None:
    receiver.files["/x"] = f"you are {frozen.secret}".encode()
    frozen.send(dlr_callback=receiver.url.replace("//", "//me:pass@") + f"/x?token=abc&own={frozen.secret}&plain=1")
    frozen.ok("POST", "/clock/advance", {"seconds": 2})
    (callback,) = frozen.ok("GET", "/callbacks")["callbacks"]
    assert "//…@" in callback["url"]
    assert "/x?token=…&own=…&plain=1&" in callback["url"]
    assert callback["attempts"][0]["answer"] == "you are …"
    assert callback == frozen.ok("GET", f"/callbacks/{callback['id']}")
    (received,) = receiver.received
    assert (received["token"], received["own"]) == ("abc", frozen.secret)
