"""The messages on the page: live, filtered, and each with its story."""

from playwright.sync_api import expect

from tests.page.conftest import OpenPage
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account


def test_messages_appear_newest_first_without_a_reload(open_page: OpenPage, tenant: Account) -> None:
    page = open_page("#/messages")
    expect(page.get_by_role("status").filter(has_text="No message was sent yet.")).to_be_visible()
    tenant.send("first")
    rows = page.locator(".message-row")
    expect(rows).to_have_count(1)
    tenant.send("second")
    expect(rows.first).to_contain_text("second")
    expect(rows.first).to_contain_text("Delivered")
    expect(page.locator(".message-list > p")).to_have_text("2 messages")


def test_filters_are_part_of_the_address(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("apples", from_="SHOP")
    tenant.send("pears", to="61491572665")
    page = open_page("#/messages")
    rows = page.locator(".message-row")
    expect(rows).to_have_count(2)
    page.get_by_label("Text of the message").fill("APPL")
    expect(rows).to_have_count(1)
    page.wait_for_url("**/#/messages?text=APPL")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="More filters").click()
    page.get_by_role("button", name="Clear all").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Status").select_option("hard-bounce")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("pears")
    page.get_by_label("Sender").fill("SHOP")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_the_story_tells_why_a_delivery_report_did_not_arrive(
    open_page: OpenPage, tenant: Account, receiver: Receiver
) -> None:
    receiver.status = 500
    message = tenant.send("Where is it? ✓", dlr_callback=f"{receiver.url}/reports")
    page = open_page(f"#/messages/{message}")
    story = page.get_by_role("region", name="Story")
    expect(story).to_contain_text("Handed to the carrier")
    expect(story).to_contain_text("The carrier reports delivered")
    failed = story.locator(".moment.bad")
    expect(failed).to_contain_text("Failed: callback of the delivery report")
    expect(failed).to_contain_text(f"{receiver.url}/reports")
    expect(failed).to_contain_text("500")
    expect(story.locator(".moment.ahead")).to_contain_text("Next attempt")
    reasons = page.locator(".reasons")
    for words in ("lowest number that the account leases", "✓ (U+2713)", "at 0.087 a part", "No carrier rule matched"):
        expect(reasons).to_contain_text(words)
    receiver.status = 200
    tenant.ok("POST", "/clock/advance", {"minutes": 2})
    expect(story.locator(".moment.good").last).to_contain_text("attempt 2")


def test_the_newest_message_says_that_nobody_gets_its_report(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("first")
    page = open_page("#/messages")
    pane = page.locator(".message-pane")
    expect(pane).to_contain_text("first")
    tenant.send("second")
    expect(page.locator(".message-row")).to_have_count(2)
    expect(pane).to_contain_text("first")  # it was the newest, and nothing that is being read is replaced
    expect(page.locator(".reason.wide")).to_contain_text("nor the account has a URL for delivery reports")
    expect(page.locator(".reason.wide .badge")).to_have_text("Not sent")
    page.set_viewport_size({"width": 390, "height": 800})
    expect(pane).to_be_hidden()


def test_the_raw_call_is_shown_in_both_formats(open_page: OpenPage, tenant: Account) -> None:
    message = tenant.send("raw")
    tenant.ok("POST", "/clock/advance", {"seconds": 1})  # so that nothing is drawn again under the pointer
    page = open_page(f"#/messages/{message}")
    raw = page.get_by_role("region", name="The call")
    expect(raw.locator("code").first).to_contain_text("message=raw")
    raw.get_by_text("Answer in JSON").click()
    expect(raw.locator("code").nth(1)).to_contain_text(f'"message_id": {message}')
    raw.get_by_text("Answer in XML").click()
    expect(raw.locator("code").nth(2)).to_contain_text(f"<message_id>{message}</message_id>")


def test_a_long_text_is_shown_in_its_parts_and_many_recipients_in_a_list(open_page: OpenPage, tenant: Account) -> None:
    numbers = [HANDSET] + [f"614000{number:05}" for number in range(150)]
    message = tenant.send("a" * 170, to=",".join(numbers))
    tenant.ok("POST", "/clock/advance", {"seconds": 1})  # so that the list is not drawn again, from its beginning
    page = open_page(f"#/messages/{message}")
    expect(page.locator(".part-cut")).to_have_text("part 2")
    recipients = page.get_by_role("region", name="Recipients")
    expect(recipients.get_by_role("heading")).to_have_text("Recipients 151")
    shown = recipients.locator(".recipient-row")
    expect(shown.first).to_be_visible()
    assert shown.count() < 40
    recipients.locator(".virtual-list").evaluate("each => { each.scrollTop = each.scrollHeight; }")
    expect(recipients.get_by_text("+61 491 570 156")).to_be_visible()


def test_an_unknown_message_shows_an_error(open_page: OpenPage) -> None:
    page = open_page("#/messages/999")
    expect(page.get_by_text("There is no message 999.")).to_be_visible()
