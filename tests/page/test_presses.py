"""A press of the mouse counts if something is drawn between its two halves."""

from playwright.sync_api import Locator, Page, expect

from tests.page.conftest import OpenPage
from tests.sandbox import HANDSET, Account

OTHER = "61491570157"


def begin_press(page: Page, on: Locator) -> None:
    """Press the mouse on an element, and hold it."""
    on.hover()
    page.mouse.down()


def test_a_handset_is_chosen_while_a_text_comes_to_another(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one", to=f"{HANDSET},{OTHER}")
    tenant.send("two")
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    page = open_page(width=390)
    preview = page.locator(f".handset-row[data-key='{HANDSET}'] .handset-preview")
    expect(preview).to_have_text("two")
    expect(page.locator(".phone")).to_have_count(2)
    begin_press(page, page.locator(f".handset-row[data-key='{OTHER}'] button"))
    tenant.send("three")
    expect(preview).to_have_text("three")
    page.mouse.up()
    page.wait_for_url(f"**/#/handsets/{OTHER}*")
    expect(page.locator(".phone").first).to_have_attribute("data-number", OTHER)


def test_a_link_is_tapped_while_another_text_is_delivered(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("Tap [tracked-link]", tracked_link_url="https://example.com/")
    tenant.ok("POST", "/clock/advance", {"seconds": 1})
    tenant.ok("PATCH", "/tenants/current", {"delivery_seconds": 3600})
    tenant.send("later")
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.locator(".text.pending")).to_have_count(1)
    begin_press(page, one.locator("button.text-link"))
    tenant.ok("POST", "/clock/advance", {"hours": 1})
    expect(one.locator(".text.pending")).to_have_count(0)
    page.mouse.up()
    expect(one.locator(".tap-note a")).to_have_attribute("href", "https://example.com/")
