"""send-sms: recipients, senders, prices and errors."""

from datetime import UTC, datetime

import pytest

from tests.api.tenant_setup import add_list_of, add_other_caller, advance, freeze, reply, set_tenant
from tests.conftest import Caller, FreshTenant

TO = "61491570156"
NOTHING_YET = {"delivered": 0, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0}
GENERIC = "Field has invalid format (see proper format in the description)."
BAD_CALLER_ID = ("BAD_CALLER_ID", "The sender ID you have set is not valid or number is inactive or expired")
TEN_O_CLOCK = datetime(2026, 3, 1, 10, 0, 0, 250_000, UTC)


def recipients_of(call: Caller, message: int) -> list[str]:
    rows = call.ok("get-sms-sent", message_id=message, max=100).get("recipients", [])
    return [str(row["msisdn"]) for row in rows]


# Answers


def test_a_send_to_numbers_is_answered_as_documented(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, TEN_O_CLOCK)
    answer = call.http.post("/send-sms.json", data={"message": "Hello", "to": TO})
    assert answer.text == (
        '{"message_id":340000001,"send_at":"2026-03-01 10:00:00","recipients":1,"cost":0.087,"sms":1,'
        '"delivery_stats":{"delivered":0,"pending":0,"bounced":0,"responses":0,"optouts":0},'
        '"error":{"code":"SUCCESS","description":"OK"}}'
    )


def test_a_send_to_a_list_is_answered_as_documented(call: Caller) -> None:
    list_id = call.ok("add-list", name="2024")["id"]
    call.ok("add-to-list", list_id=list_id, msisdn=TO)
    answer = call.ok("send-sms", message="Hello", list_id=list_id)
    assert list(answer) == [
        "message_id", "send_at", "recipients", "cost", "sms", "list", "delivery_stats", "error",
    ]  # fmt: skip
    assert answer["list"] == {"id": list_id, "name": 2024}
    assert answer["delivery_stats"] == NOTHING_YET
    as_xml = call.http.post("/send-sms.xml", data={"message": "Hello", "list_id": list_id}).text
    assert f"<sms>1</sms><list><id>{list_id}</id><name>2024</name></list><delivery_stats>" in as_xml


def test_message_ids_increase(call: Caller) -> None:
    first, second = (call.ok("send-sms", message="hi", to=TO)["message_id"] for _ in range(2))
    assert second == first + 1


# Missing parameters


def test_numbers_or_a_list_must_be_given(call: Caller) -> None:
    missing = ("FIELD_INVALID", "You must provide either 'list_id' or 'to'")
    for nobody in ({}, {"to": "", "list_id": "0"}, {"to": " , ,"}, {"list_id": ""}):
        assert call.refused("send-sms", message="Test error sending", **nobody) == missing


def test_a_message_must_be_given(call: Caller) -> None:
    for nothing in ({}, {"message": ""}):
        assert call.refused("send-sms", to=TO, **nothing) == ("FIELD_EMPTY", "Required field 'message' is empty")
    assert call.refused("send-sms") == ("FIELD_EMPTY", "Required field 'message' is empty")


def test_blanks_around_a_message_stay(call: Caller) -> None:
    sent = call.ok("send-sms", message="  two\r\nlines ", to=TO)["message_id"]
    assert call.ok("get-sms", message_id=sent)["message"] == "  two\r\nlines "


# Numbers


@pytest.mark.parametrize(
    ("to", "country", "reached"),
    [
        ("61491570156", "", ["61491570156"]),
        ("+61 491 570 156", "", ["61491570156"]),
        (" 61491570156 , 61491570157,,", "", ["61491570156", "61491570157"]),
        ("0491570156", "AU", ["61491570156"]),
        ("0491570156", "australia", ["61491570156"]),
        ("0491 570-156", "au", ["61491570156"]),
        ("0211234567", "NZ", ["64211234567"]),
        ("07700900123", "GB", ["447700900123"]),
        ("2025550143", "US", ["12025550143"]),
        ("61491570156", "NZ", ["61491570156"]),
        ("+61491570156,0491570157", "AU", ["61491570156", "61491570157"]),
        ("0491570156,61491570157", "", ["61491570157"]),
        ("nonsense,61491570157,1", "", ["61491570157"]),
        ("61491570156,+61491570156,61491570156", "", ["61491570156"] * 3),
    ],
)
def test_numbers_are_read_with_their_country(call: Caller, to: str, country: str, reached: list[str]) -> None:
    sent = call.ok("send-sms", message="hi", to=to, countrycode=country)
    assert sent["recipients"] == sent["sms"] == len(reached)
    assert recipients_of(call, sent["message_id"]) == reached


@pytest.mark.parametrize(
    ("to", "fails"),
    [
        ("0491570007", ["0491570007"]),
        ("+0491570007,-01,00", ["+0491570007", "-01", "00"]),
        ("+1, abc", [1, "abc"]),
        ("0, 12,12", [0, 12, 12]),
        ("9" * 400, ["9" * 400]),
    ],
)
def test_a_send_without_valid_numbers_is_refused(call: Caller, to: str, fails: list[str]) -> None:
    answer = call.http.post("/send-sms.json", data={"message": "hi", "to": to})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {"code": "RECIPIENTS_ERROR", "description": {"fails": fails, "optouts": []}}
    }  # one in local form stays a text, so that it keeps its zero


def test_a_number_that_opted_out_is_left_out(call: Caller, fresh: FreshTenant) -> None:
    call.ok("send-sms", message="hi", to=TO)
    reply(fresh, TO, " stop ")
    assert call.ok("send-sms", message="hi", to=f"{TO},61491570157")["recipients"] == 1
    body = call.http.post("/send-sms.json", data={"message": "hi", "to": f"12,+{TO},0491570007"}).text
    assert body == (
        '{"error":{"code":"RECIPIENTS_ERROR","description":'
        f'{{"fails":[12,{TO},"0491570007"],"optouts":[{TO}],"reason":"Number has opted-out"}}}}}}'
    )
    as_xml = call.http.post("/send-sms.xml", data={"message": "hi", "to": TO}).text
    assert (
        f"<description><fails><item>{TO}</item></fails><optouts><item>{TO}</item></optouts>"
        "<reason>Number has opted-out</reason></description>"
    ) in as_xml


@pytest.mark.parametrize("profile", ["vendor-2020", "legacy-2015"])
def test_older_profiles_list_opt_outs_separately(call: Caller, fresh: FreshTenant, profile: str) -> None:
    call.ok("send-sms", message="hi", to=TO)
    reply(fresh, TO, "stop")
    set_tenant(fresh, profile=profile)
    assert call.refused("send-sms", message="hi", to=f"+{TO},12") == (
        "RECIPIENTS_ERROR",
        {"fails": ["12"], "optouts": [TO]},
    )
    as_xml = call.http.post("/send-sms.xml", data={"message": "hi", "to": TO}).text
    assert f"<description><fails/><optouts><item>{TO}</item></optouts></description>" in as_xml


def test_an_opt_out_is_from_one_account(call: Caller, fresh: FreshTenant) -> None:
    call.ok("send-sms", message="hi", to=TO)
    reply(fresh, TO, "STOP")
    assert add_other_caller(fresh).ok("send-sms", message="hi", to=TO)["recipients"] == 1


def test_more_than_five_hundred_numbers_are_refused(call: Caller) -> None:
    five_hundred = ",".join(str(61491570000 + number) for number in range(500))
    assert call.ok("send-sms", message="hi", to=five_hundred)["recipients"] == 500
    assert call.refused("send-sms", message="hi", to=f"{five_hundred},{TO}") == ("FIELD_INVALID", GENERIC)


def test_an_unknown_country_is_refused(call: Caller) -> None:
    assert call.refused("send-sms", message="hi", to=TO, countrycode="Atlantis") == ("FIELD_INVALID", GENERIC)


# Lists


def test_a_list_wins_over_numbers(call: Caller) -> None:
    list_id = add_list_of(call, 61491570157, 61491570158)
    sent = call.ok("send-sms", message="hi", to=TO, list_id=list_id)
    assert sent["list"]["id"] == list_id
    assert recipients_of(call, sent["message_id"]) == ["61491570157", "61491570158"]


def test_unusable_lists_are_refused(call: Caller, fresh: FreshTenant) -> None:
    empty = call.ok("add-list", name="empty")["id"]
    assert call.refused("send-sms", message="hi", list_id=empty) == (
        "LIST_EMPTY",
        "The list you provided doesn't have active recipients.",
    )
    unknown = ("NOT_FOUND", "The resource with this key is not found.")
    assert call.refused("send-sms", message="hi", list_id=empty + 1) == unknown
    foreign = add_other_caller(fresh).ok("add-list", name="theirs")["id"]
    assert call.refused("send-sms", message="hi", list_id=foreign) == (
        "NO_ACCESS",
        "You do not have access to this resource.",
    )
    assert call.refused("send-sms", message="hi", list_id="x") == (
        "FIELD_INVALID",
        'Field "list_id" has wrong type, expected type - numeric',
    )


def test_members_that_opted_out_get_nothing_more(call: Caller, fresh: FreshTenant) -> None:
    list_id = add_list_of(call, TO, 61491570157)
    call.ok("send-sms", message="hi", list_id=list_id)
    reply(fresh, TO, "Unsubscribe")
    sent = call.ok("send-sms", message="hi", list_id=list_id)
    assert recipients_of(call, sent["message_id"]) == ["61491570157"]
    reply(fresh, "61491570157", "END")
    assert call.refused("send-sms", message="hi", list_id=list_id)[0] == "LIST_EMPTY"


def test_a_list_longer_than_one_chunk_is_sent_to(
    call: Caller, fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", 2)
    list_id = add_list_of(call, *range(61491570150, 61491570155), field_1="City")
    sent = call.ok("send-sms", message="Hi [firstname] in [city] [unsub-reply-link]", list_id=list_id)
    assert (sent["recipients"], sent["sms"], sent["cost"]) == (5, 5, 0.435)
    advance(fresh, seconds=5)
    assert len(recipients_of(call, sent["message_id"])) == 5
    assert call.ok("get-sms", message_id=sent["message_id"])["delivery_stats"]["delivered"] == 5


def test_a_list_of_exactly_one_chunk_is_sent_to(
    call: Caller, fresh: FreshTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_sandbox.services.send_message.CHUNK_SIZE", 2)
    sent = call.ok("send-sms", message="hi", list_id=add_list_of(call, 61491570150, 61491570151))["message_id"]
    advance(fresh, seconds=5)
    assert call.ok("get-sms", message_id=sent)["delivery_stats"]["delivered"] == 2


# Times


def test_a_message_of_a_later_day_waits(call: Caller, fresh: FreshTenant) -> None:
    freeze(fresh, TEN_O_CLOCK)
    sent = call.ok("send-sms", message="hi", to=TO, send_at="2026-03-02 09:00:00")
    assert sent["send_at"] == "2026-03-02 09:00:00"
    assert call.ok("get-balance")["balance"] == 999.913
    advance(fresh, hours=22)
    assert call.ok("get-sms", message_id=sent["message_id"])["delivery_stats"]["delivered"] == 0
    advance(fresh, hours=2)
    assert call.ok("get-sms", message_id=sent["message_id"])["delivery_stats"]["delivered"] == 1


@pytest.mark.parametrize(
    ("send_at", "answered"),
    [
        ("2026-03-01 09:59:59", "2026-03-01 10:00:00"),
        ("2020-01-01", "2026-03-01 10:00:00"),
        ("", "2026-03-01 10:00:00"),
        ("2026-03-02", "2026-03-02 00:00:00"),
        ("2026-03-02T09:00:00Z", "2026-03-02 09:00:00"),
    ],
)
def test_send_at_is_answered_in_the_future_or_now(
    call: Caller, fresh: FreshTenant, send_at: str, answered: str
) -> None:
    freeze(fresh, TEN_O_CLOCK)
    assert call.ok("send-sms", message="hi", to=TO, send_at=send_at)["send_at"] == answered


def test_validity_ends_the_wait(call: Caller, fresh: FreshTenant) -> None:
    set_tenant(fresh, delivery_delay=10**6 * 60 * 60 * 24 * 30)
    ids = [call.ok("send-sms", message="hi", to=TO, validity=minutes)["message_id"] for minutes in (1, 0, 99999)]

    def bounced() -> list[int]:
        return [call.ok("get-sms-stats", message_id=each)["stats"]["soft_bounced"] for each in ids]

    advance(fresh, seconds=61)
    assert bounced() == [1, 0, 0]
    advance(fresh, hours=73)
    assert bounced() == [1, 1, 1]


# Other parameters


@pytest.mark.parametrize("name", ["dlr_callback", "reply_callback", "link_hits_callback", "tracked_link_url"])
def test_urls_are_validated(call: Caller, name: str) -> None:
    assert call.ok("send-sms", message="hi", to=TO, **{name: "http://localhost:9/hook?a=b#c"})
    assert call.refused("send-sms", message="hi", to=TO, **{name: "localhost/hook"}) == ("FIELD_INVALID", GENERIC)


@pytest.mark.parametrize(
    ("name", "bad", "sentence"),
    [
        ("send_at", "tomorrow", GENERIC),
        ("validity", "long", 'Field "validity" has wrong type, expected type - numeric'),
        ("validity", "-1", 'Field "validity" has wrong type, expected type - numeric'),
        ("replies_to_email", "nobody", GENERIC),
        ("from_shared", "maybe", GENERIC),
        ("list_id", "-1", 'Field "list_id" has wrong type, expected type - numeric'),
    ],
)
def test_invalid_parameters_are_refused(call: Caller, name: str, bad: str, sentence: str) -> None:
    assert call.refused("send-sms", message="hi", to=TO, **{name: bad}) == ("FIELD_INVALID", sentence)


def test_empty_parameters_of_the_vendors_client_are_ignored(call: Caller) -> None:
    fillers = dict.fromkeys(
        ["from", "send_at", "dlr_callback", "reply_callback", "link_hits_callback", "replies_to_email", "countrycode",
         "tracked_link_url", "from_shared"], ""
    )  # fmt: skip
    assert call.ok("send-sms", message="hi", to=TO, list_id=0, validity=0, **fillers)["recipients"] == 1
