"""The page without a mouse, on narrow screens, for screen readers, and after restarts."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.page.conftest import OpenPage
from tests.ports import free_port
from tests.sandbox import HANDSET, Account, run_sandbox
from tests.timing import eventually


def fill(tenant: Account) -> int:
    """Give a tenant something of everything; return the id of a message."""
    tenant.send("Your code is 481516: https://example.com/a")
    tenant.send("Tap [tracked-link] or [unsub-reply-link]", tracked_link_url="https://example.com/")
    tenant.send("later", send_at="2040-01-01 00:00:00")
    tenant.ok("PATCH", "/handsets/61491570157", {"state": "off"})
    message = tenant.send("a" * 161, to=f"{HANDSET},61491570157,61491572665", dlr_callback="http://127.0.0.1:9/")
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": "STOP"})
    tenant.ok("POST", "/clock/advance", {"seconds": 5})
    return message


def violations(page: Page, *rules: str) -> list[str]:
    """Return what axe finds, by all its rules or only by these."""
    response = Axe().run(page, options={"runOnly": rules} if rules else None).response
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for each in response["violations"]
        for node in each["nodes"]
    ]


def test_axe_finds_no_accessibility_problem(open_page: OpenPage, tenant: Account) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="No message yet")).to_be_visible()
    assert violations(page) == []
    message = fill(tenant)
    expect(page.locator(".phone")).to_have_count(3)
    page.get_by_role("button", name="Settings of the phone").first.click()
    assert violations(page) == []
    page.goto(f"#/messages/{message}")
    expect(page.locator(".story")).to_be_visible()
    page.get_by_role("button", name="More filters").click()
    assert violations(page) == []


def test_colours_have_contrast_in_the_dark_too(open_page: OpenPage, tenant: Account) -> None:
    message = fill(tenant)
    page = open_page(dark=True)
    expect(page.locator(".phone")).to_have_count(3)
    page.get_by_role("button", name="Settings of the phone").first.click()
    assert violations(page, "color-contrast") == []
    page.goto(f"#/messages/{message}")
    expect(page.locator(".story")).to_be_visible()
    assert violations(page, "color-contrast") == []


def test_no_view_is_wider_than_the_screen(open_page: OpenPage, tenant: Account) -> None:
    message = fill(tenant)
    page = open_page(width=360, height=780)
    for where, part in (("#/handsets", ".phone"), ("#/messages", ".message-row"), (f"#/messages/{message}", ".story")):
        page.goto(where)
        page.locator(part).first.wait_for()
        for width in (360, 390, 768):
            page.set_viewport_size({"width": width, "height": 780})
            eventually(lambda: page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_current_tab_is_visible_on_a_phone(open_page: OpenPage) -> None:
    page = open_page("#/start", width=360, height=780)
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Start")).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_role("link", name="Documentation", exact=True)).to_be_in_viewport(ratio=1)


def test_no_tab_is_hidden_beside_a_frozen_clock(open_page: OpenPage, tenant: Account) -> None:
    tenant.ok("POST", "/clock/freeze")
    page = open_page(width=1024)
    expect(page.locator(".chip.frozen")).to_be_visible()
    for width in (1024, 1248, 1250, 1408, 1410):
        page.set_viewport_size({"width": width, "height": 780})
        last = page.get_by_role("navigation", name="Views").get_by_role("link").last
        expect(last).to_be_in_viewport(ratio=1)


def test_on_a_narrow_screen_a_message_opens_and_closes(open_page: OpenPage, tenant: Account) -> None:
    fill(tenant)
    page = open_page("#/messages", width=390, height=780)
    page.locator(".message-link").first.click()
    expect(page.locator(".story")).to_be_visible()
    expect(page.locator(".message-row").first).to_be_hidden()
    page.get_by_role("link", name="All messages").click()
    expect(page.locator(".message-row").first).to_be_visible()


def test_a_reply_is_sent_by_the_keyboard_alone(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("Press any key")
    page = open_page()
    expect(page.locator(".text.got")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    box = page.get_by_label("Text from +61 491 570 156")
    for _ in range(25):
        page.keyboard.press("Tab")
        if box.evaluate("each => each === document.activeElement"):
            break
    expect(box).to_be_focused()
    page.keyboard.type("Any key")
    page.keyboard.press("Enter")
    expect(page.locator(".text.sent .bubble")).to_have_text("Sent: Any key")
    expect(box).to_be_focused()


def test_the_theme_is_chosen_and_kept(open_page: OpenPage) -> None:
    page = open_page()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    button = page.get_by_role("button", name="Theme:")
    button.click()
    assert page.evaluate(paper) == light
    button.click()
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    expect(button).to_be_visible()
    assert page.evaluate(paper) == dark


def test_the_page_reconnects_after_a_restart_and_says_so(open_page: OpenPage, certificates: Certificates) -> None:
    https, http = free_port(), free_port()
    settings = Settings(https_port=https, http_port=http, certs=str(certificates.directory), delivery_delay=0.05)
    with run_sandbox(settings) as first:
        page = open_page(tenant=first)
        expect(page.locator(".dot.live")).to_be_visible()
    expect(page.get_by_text("The connection to the sandbox is lost.")).to_be_visible()
    with run_sandbox(settings) as second:
        second.send("after the restart")
        expect(page.get_by_text("Connected to the sandbox again.")).to_be_visible()
        expect(page.locator(".text.got .bubble")).to_have_text("Got: after the restart")
        expect(page.locator(".connection-banner")).to_be_empty()
