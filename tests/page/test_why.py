"""The reasons why a delivery report did not arrive, and what helps."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account
from tests.timing import eventually

PUBLIC = "hooks.example.com"


@pytest.fixture
def tenant(server: Account) -> Account:
    """The tenant of this test, with a clock that is frozen at noon."""
    return server.tenant(frozen_at="2030-01-31T12:00:00Z", delivery_seconds=1)


def report_of(page: Page, message: int) -> str:
    """Return what the page says of a message's delivery report.

    It is found by one press on the phone.
    """
    page.goto("#/handsets")
    page.get_by_role("link", name=f"Story of message {message}").click()
    expect(page.get_by_role("heading", name=f"Message {message}")).to_be_visible()
    return page.locator(".reason.wide").inner_text()


def test_a_report_that_did_not_arrive_is_explained_by_the_message(
    open_page: OpenPage, tenant: Account, receiver: Receiver
) -> None:
    receiver.status = 500
    port = tenant.ready.http.rpartition(":")[2]
    reasons = {
        tenant.send("nobody listens", dlr_callback="http://127.0.0.1:9/"): "failed: nothing listens at 127.0.0.1:9.",
        tenant.send("an error", dlr_callback=receiver.url): "failed: answered 500.",
        tenant.send("no URL"): "Neither the call (dlr_callback) nor the account has a URL",
        tenant.send("the sandbox", dlr_callback=f"{tenant.ready.http}/dlr"): f"port {port} is this sandbox itself",
        tenant.send("a public host", dlr_callback=f"https://{PUBLIC}/"): f"server with --callback-host {PUBLIC}.",
    }
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    waiting = tenant.send("a frozen clock", dlr_callback=receiver.url)
    page = open_page()
    for message, words in reasons.items():
        assert words in report_of(page, message)
    assert "The clock is frozen, so nothing more happens" in report_of(page, waiting)
    expect(page.locator(".reason dt").first).to_have_text("Delivery report to your app")  # what is asked most


def test_callbacks_begin_with_the_reason_and_say_that_the_clock_is_frozen(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("hi", dlr_callback="http://127.0.0.1:9/")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page = open_page("#/callbacks", width=360)
    more = page.locator(".callback-row .more")
    expect(more).to_have_text(re.compile(r"^Nothing listens at 127\.0\.0\.1:9\."))
    # The reason is cut off, if anywhere, after its first words.
    eventually(lambda: more.evaluate("each => each.clientWidth") > 180)  # 0 if the row is drawn again meanwhile
    expect(page.get_by_text("The clock is frozen")).to_be_visible()
    page.get_by_role("button", name="Resume the clock").click()
    expect(page.get_by_text("The clock is frozen")).to_be_hidden()
    assert tenant.ok("GET", "/clock")["running"] is True


def test_the_fate_of_a_pending_message_is_decided_on_its_page(open_page: OpenPage, tenant: Account) -> None:
    message = tenant.send("Fail")
    page = open_page(f"#/messages/{message}")
    expect(page.locator(".moment.ahead")).to_contain_text("The carrier reports delivered in 1 s")
    page.get_by_role("button", name="Hard bounce", exact=True).click()
    expect(page.locator(".detail-head .badge")).to_have_text("Hard bounce")
    assert tenant.ok("GET", "/recipients")["recipients"][0]["status"] == "hard-bounce"
    expect(page.get_by_role("button", name="Deliver", exact=True)).to_be_hidden()


def test_a_report_is_sent_again_and_the_clock_resumed_from_the_message(
    open_page: OpenPage, tenant: Account, receiver: Receiver
) -> None:
    receiver.status = 500
    message = tenant.send("hi", dlr_callback=receiver.url)
    page = open_page(f"#/messages/{message}")
    page.get_by_role("button", name="Resume the clock").click()
    report = page.locator(".reason.wide")
    expect(report).to_contain_text("The last attempt failed: answered 500.")
    receiver.status = 200
    page.get_by_role("button", name="Send it again now").click()
    expect(report.locator(".badge")).to_have_text("Received")
    expect(report.get_by_role("button")).to_have_count(0)


def test_a_url_for_the_account_is_one_press_away(open_page: OpenPage, tenant: Account, receiver: Receiver) -> None:
    message = tenant.send("no URL")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page = open_page(f"#/messages/{message}")
    page.get_by_role("link", name="Set a URL for the account").click()
    expect(page.get_by_label("Delivery reports to")).to_be_focused()
    page.keyboard.type(receiver.url)
    tenant.send("meanwhile")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    account = tenant.ok("GET", "/account")
    assert (account["dlr_url"], account["balance"]) == (receiver.url, 999.826)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled()
    page.get_by_label("Delivery reports to").fill("")
    page.keyboard.press("Enter")
    eventually(lambda: tenant.ok("GET", "/account")["dlr_url"] is None)


def test_a_message_is_live_while_something_on_it_has_the_focus(open_page: OpenPage, tenant: Account) -> None:
    message = tenant.send("hi")
    page = open_page(f"#/messages/{message}")
    fold = page.get_by_text("Answer in JSON")
    fold.click()
    expect(fold).to_be_focused()
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    expect(page.locator(".detail-head .badge")).to_have_text("Delivered")
    expect(fold).to_be_focused()
    expect(page.locator("details[open]").filter(has=fold)).to_be_visible()


def test_tabs_count_the_problems_that_nobody_has_seen(open_page: OpenPage, tenant: Account) -> None:
    page = open_page()
    traffic, callbacks = (page.get_by_role("link", name=name) for name in ("Traffic", "Callbacks"))
    expect(page.get_by_role("heading", name="No message yet")).to_be_visible()
    expect(page.locator(".dot.live")).to_be_visible()
    for _ in range(2):
        tenant.api("send-sms", message="hi", to="12")
    tenant.send("hi", dlr_callback="http://127.0.0.1:9/")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    expect(traffic).to_have_text("Traffic2 new problems")
    expect(callbacks).to_have_text("Callbacks1 new problem")
    traffic.click()
    expect(traffic).to_have_text("Traffic")
    tenant.api("send-sms", message="hi", to="12")
    expect(page.locator(".traffic-row")).to_have_count(7)
    expect(traffic).to_have_text("Traffic")
    expect(callbacks).to_have_text("Callbacks1 new problem")


def test_the_list_of_the_documentation_is_folded_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("docs/faults.md", width=390)
    text = page.get_by_role("heading", name="Faults", exact=True)
    eventually(lambda: text.evaluate("each => each.getBoundingClientRect().top") < 200)
    entry = page.get_by_role("link", name="Faults", exact=True)
    expect(entry).to_be_hidden()
    page.get_by_text("Pages", exact=True).click()
    expect(entry).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("summary").first).to_be_hidden()
    expect(entry).to_be_visible()


def test_one_of_two_links_to_copy_is_told_from_the_other(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("a https://example.com/a or b https://example.com/b")
    page = open_page(f"#/handsets/{HANDSET}")
    expect(page.locator(".extract")).to_have_text(["example.com/a", "example.com/b"])
