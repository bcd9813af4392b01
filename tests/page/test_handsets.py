"""Phones on the page: texts that arrive, replies, STOP, links, and switches."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.page.conftest import OpenPage
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.timing import eventually

OTHER = "61491570157"


def expect_settled(phone: Locator, count: int) -> None:
    """Wait until a phone got its texts and draws none again, so that presses count."""
    expect(phone.locator(".text.got")).to_have_count(count)
    expect(phone.locator(".text.pending")).to_have_count(0)


def test_a_message_appears_without_a_reload_and_a_reply_reaches_the_app(
    open_page: OpenPage, tenant: Account, receiver: Receiver
) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="No message yet")).to_be_visible()
    expect(page.locator("code").first).to_contain_text(f"{tenant.ready.https}/send-sms.json")
    expect(page.locator("code").first).to_contain_text(tenant.key)
    tenant.send("Are you there?", reply_callback=receiver.url)
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.locator(".text.got .bubble")).to_have_text("Got: Are you there?")
    one.get_by_label("Text from +61 491 570 156").fill("Yes, I am")
    one.get_by_role("button", name="Send", exact=True).click()
    expect(one.locator(".text.sent .bubble")).to_have_text("Sent: Yes, I am")
    callback = receiver.wait_for(1)[0]
    assert (callback["response"], callback["mobile"]) == ("Yes, I am", HANDSET)


def test_stop_opts_the_phone_out(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("Sale!")
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    one.get_by_role("button", name="STOP").click()
    expect(one.locator(".phone-badges")).to_contain_text("Opted out")
    expect(one.locator(".text.sent")).to_contain_text("Opted out")
    assert tenant.api("send-sms", message="more", to=HANDSET)["error"]["code"] == "RECIPIENTS_ERROR"


def test_a_phone_is_switched_off_and_set_to_answer_automatically(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one")
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    one.get_by_role("button", name="Settings of the phone").click()
    one.get_by_role("button", name="Off", exact=True).click()
    expect(one.locator(".phone-badges")).to_contain_text("Off")
    tenant.send("two")
    expect(one.locator(".text.missed")).to_contain_text("Did not arrive: soft bounce")
    one.get_by_role("button", name="Disconnected").click()
    expect(one.locator(".phone-badges")).to_contain_text("Not in service")
    one.get_by_role("button", name="On", exact=True).click()
    expect(one.locator(".phone-badges")).to_be_empty()
    one.get_by_label("Answers automatically").check()
    expect(one.locator(".phone-badges")).to_contain_text("Answers")
    tenant.send("three")
    tenant.ok("POST", "/clock/advance", {"seconds": 10})
    expect(one.locator(".text.sent .bubble")).to_have_text("Sent: Yes please")


def test_codes_are_shown_and_links_can_be_tapped(open_page: OpenPage, tenant: Account) -> None:
    target = "https://example.com/offer"
    tenant.send("Your code is 481516, or tap [tracked-link]", tracked_link_url=target)
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect_settled(one, 1)
    one.get_by_role("button", name="Copy the code 481516").click()
    eventually(lambda: page.evaluate("navigator.clipboard.readText()") == "481516")
    one.locator("button.text-link").click()
    expect(one.locator(".tap-note a")).to_have_attribute("href", target)
    expect(one.locator(".text-meta")).to_contain_text("Link tapped")
    tenant.send("Leave: [unsub-reply-link]")
    expect_settled(one, 2)
    one.locator("button.text-link").nth(1).click()
    expect(one.locator(".phone-badges")).to_contain_text("Opted out")


def test_a_new_phone_writes_to_any_leased_number(open_page: OpenPage, tenant: Account, receiver: Receiver) -> None:
    tenant.ok("PATCH", "/account", {"reply_url": receiver.url})
    number = next(each["number"] for each in tenant.ok("GET", "/numbers")["numbers"] if not each["shared"])
    page = open_page()
    page.get_by_label("Find or open a handset by its number").fill("0491 570 158")
    page.get_by_role("button", name="Open").click()
    one = page.locator(".phone[data-number='61491570158']")
    one.get_by_label("Number to write to").select_option(number)
    one.get_by_label("Text from +61 491 570 158").fill("Anybody there?")
    one.get_by_role("button", name="Send", exact=True).click()
    expect(one.locator(".text.sent")).to_contain_text("Anybody there?")
    assert receiver.wait_for(1)[0]["longcode"] == number


def test_a_reply_to_a_word_is_refused_in_a_sentence(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("No reply", from_="SHOP", to=OTHER)
    shared = next(each["number"] for each in tenant.ok("GET", "/numbers")["numbers"] if each["shared"])
    page = open_page(f"#/handsets/{OTHER}")
    one = page.locator(f".phone[data-number='{OTHER}']")
    one.get_by_label("Number to write to").select_option(shared)
    one.get_by_label("Text from +61 491 570 157").fill("Hello?")
    one.get_by_role("button", name="Send", exact=True).click()
    expect(one.get_by_role("alert")).to_contain_text("is shared, and no message was sent to")
    expect(one.get_by_label("Text from +61 491 570 157")).to_have_value("Hello?")


def test_a_text_is_read_from_the_side_of_its_script(open_page: OpenPage, tenant: Account) -> None:
    hebrew = "שלום! ההזמנה שלך מוכנה " * 4
    tenant.send(hebrew)
    page = open_page()
    expect(page.locator(".bubble-text")).to_have_css("direction", "rtl")
    # Its beginning is shown, and its end is cut off.
    expect(page.locator(".handset-preview")).to_have_css("direction", "rtl")
    tenant.send("Hello")
    expect(page.locator(".handset-preview")).to_have_css("direction", "ltr")
    page.goto("#/messages")
    expect(page.locator(".message-preview").filter(has_text="שלום")).to_have_css("direction", "rtl")


def test_a_phone_writes_again_after_the_sandbox_was_away(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one")
    tenant.ok("POST", "/clock/advance", {"seconds": 1})  # its report would let the page read, and end the alert
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.locator(".text.got")).to_be_visible()
    page.route("**/v1/inbound", lambda route: route.abort())
    one.get_by_role("button", name="Yes").click()
    expect(one.get_by_role("alert")).to_have_text("The sandbox does not answer. Is it still running?")
    page.unroute("**/v1/inbound")
    tenant.send("two")
    expect(one.locator(".text.got")).to_have_count(2)
    expect(one.locator(".phone-problem")).to_be_empty()


@pytest.mark.parametrize("place", ["phone", "story", "clock"])
def test_one_press_goes_to_the_time_of_a_scheduled_text(open_page: OpenPage, tenant: Account, place: str) -> None:
    message = tenant.send("Tomorrow", send_at="2040-01-31 12:00:00")
    tenant.send("The day after", send_at="2040-02-01 12:00:00")
    page = open_page({"phone": "#/handsets", "story": f"#/messages/{message}", "clock": "#/time"}[place])
    page.get_by_role("button", name=re.compile(f"Go to this time: .*({message}|Is handed to the carrier)")).click()
    expect(page.locator(".toast")).to_contain_text("1 × a message is sent")
    assert tenant.ok("GET", "/clock")["now"].startswith("2040-01-31T12:00:0")
    assert [each["status"] for each in tenant.ok("GET", "/messages")["messages"]] == ["scheduled", "sent"]


def test_a_text_says_that_it_waits_for_a_frozen_clock(open_page: OpenPage, tenant: Account) -> None:
    tenant.ok("POST", "/clock/freeze")
    tenant.send("Am I there?")
    page = open_page()
    expect(page.locator(".chip.frozen")).to_contain_text("Frozen")
    waits = page.get_by_role("link", name="Waits: the clock is frozen")
    expect(waits).to_be_visible()
    tenant.ok("POST", "/clock/resume")
    expect(waits).to_be_hidden()
    expect(page.locator(".chip.frozen")).to_have_count(0)


def test_a_phone_that_is_shown_comes_first_when_it_is_chosen(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one", to=f"{HANDSET},{OTHER}")
    page = open_page(width=390)
    phones = page.locator(".phone")
    expect(phones).to_have_count(2)
    last = phones.last.get_attribute("data-number") or ""
    page.locator(f".handset-row[data-key='{last}'] button").click()
    expect(phones.first).to_have_attribute("data-number", last)
    expect(phones).to_have_count(2)
    expect(phones.first).to_be_in_viewport(ratio=0.9)


def test_phones_keep_their_places_when_another_arrives(open_page: OpenPage, tenant: Account) -> None:
    numbers = [HANDSET, OTHER, "61491570158", "61491570159"]
    page = open_page()
    for count, number in enumerate(numbers, 1):
        tenant.send("one", to=number)
        expect(page.locator(".phone")).to_have_count(count)
        shown = page.locator(".phone").evaluate_all("phones => phones.map(({ dataset }) => dataset.number)")
        assert shown == numbers[count - 1 :: -1]


def test_the_page_scrolls_when_a_text_list_is_at_its_end(open_page: OpenPage, tenant: Account) -> None:
    for number in range(10):
        tenant.send(f"Text {number}", to=f"{HANDSET},{OTHER}")
    page = open_page(width=390)
    page.locator(".text.got").first.wait_for()
    page.locator(".texts").first.hover()

    def scroll() -> bool:
        page.mouse.wheel(0, 200)
        page.wait_for_timeout(400)  # after a pause, a browser looks again for what can scroll
        return bool(page.evaluate("scrollY") > 100)

    eventually(scroll)


def test_the_first_message_needs_no_terminal(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.locator(f".phone[data-number='{HANDSET}'] .text.got")).to_contain_text("Hello from the sandbox")


def test_a_phone_is_opened_before_the_first_message(open_page: OpenPage) -> None:
    page = open_page(width=390)
    page.get_by_role("link", name="open a phone").click()
    expect(page.locator(f".phone[data-number='{HANDSET}']").get_by_text("No text yet.")).to_be_visible()


def test_two_people_see_the_same_and_opened_phones_stay_open(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one", to=f"{HANDSET},{OTHER}")
    page, other = open_page(f"#/handsets/{OTHER}"), open_page()
    expect(page.locator(".phone")).to_have_count(1)
    expect(other.locator(".phone")).to_have_count(2)
    other.locator(f".phone[data-number='{OTHER}']").get_by_role("button", name="Yes").click()
    expect(page.locator(".text.sent .bubble")).to_have_text("Sent: Yes")
    page.get_by_role("button", name="Close +61 491 570 157").click()
    expect(page.locator(".phone")).to_have_count(2)
