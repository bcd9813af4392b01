"""Texts of phones and apps stay texts: no markup of theirs is run, and no address but the web's is a link."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import OpenPage
from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

SCRIPT = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def check_unharmed(page: Page) -> None:
    page.wait_for_timeout(100)
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, main script").count() == 0


def test_markup_in_texts_names_and_answers_is_shown_as_it_is(
    open_page: OpenPage, tenant: Account, receiver: Receiver
) -> None:
    receiver.files["/dlr"] = SCRIPT.encode()
    name = f"<b>{SCRIPT[:40]}"
    list_id = int(tenant.api_ok("add-list", name=name)["id"])
    tenant.api_ok("add-to-list", list_id=list_id, msisdn=HANDSET, first_name="<i>Ann")
    message = int(
        tenant.api_ok("send-sms", message=f"[Firstname] {SCRIPT}", list_id=list_id, dlr_callback=f"{receiver.url}/dlr")[
            "message_id"
        ]
    )
    receiver.wait_for(1)
    tenant.ok("POST", "/inbound", {"from": HANDSET, "text": SCRIPT})
    page = open_page()
    expect(page.locator(".text.got .bubble")).to_contain_text(SCRIPT)
    expect(page.locator(".text.sent .bubble")).to_contain_text(SCRIPT)
    check_unharmed(page)
    page.goto(f"#/messages/{message}")
    expect(page.locator(".message-text")).to_contain_text(SCRIPT)
    expect(page.locator(".story .answer").first).to_contain_text(SCRIPT)
    expect(page.locator(".story")).to_contain_text(f"replies “{SCRIPT}”")
    expect(page.locator("#filter-list option").nth(1)).to_have_text(name)
    check_unharmed(page)


@pytest.mark.parametrize("where", [f"#/handsets/{SCRIPT}", f"#/messages/{SCRIPT}?text={SCRIPT}&sender={SCRIPT}"])
def test_markup_in_the_address_is_shown_as_it_is(open_page: OpenPage, where: str) -> None:
    page = open_page(where)
    expect(page.locator(".view")).to_be_visible()
    check_unharmed(page)


def test_only_addresses_of_the_web_are_links(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("javascript:alert(1) data:text/html,x https://example.com/a example.com/b")
    page = open_page()
    links = page.locator(".bubble a")
    expect(links).to_have_count(2)
    assert [each.get_attribute("href") for each in links.all()] == ["https://example.com/a", "http://example.com/b"]
    assert {each.get_attribute("rel") for each in links.all()} == {"noopener noreferrer"}
