"""The views of callbacks, traffic, time, trouble and the tenant, in a real browser."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.page.conftest import OpenPage
from tests.sandbox import HANDSET, Account
from tests.timing import eventually

HARD_BOUNCE = "61491572665"
SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
VIEWS = {
    "callbacks/1": "Next attempt",
    "traffic/5": "Copy as curl",  # after four calls of control
    "time": "Used up",
    "tenant": "Shown here",
    "start": "hi",
}
"""Each view of this file, and a text that it shows when it is complete."""


@pytest.fixture
def tenant(server: Account) -> Account:
    """The tenant of this test, with a clock that is frozen at noon."""
    return server.tenant(frozen_at="2030-01-31T12:00:00Z", delivery_seconds=1)


def receiver_of(tenant: Account, **answer: object) -> str:
    return str(tenant.ok("PUT", "/receivers/inbox", answer)["url"])


# Time and trouble


def test_tomorrow_s_message_is_seen_today(tenant: Account, open_page: OpenPage) -> None:
    tenant.send("See you", send_at="2030-02-01 09:00:00")
    page = open_page("#/time")
    expect(page.get_by_text("A message is sent")).to_be_visible()
    page.get_by_role("button", name="+1 day").click()
    expect(page.get_by_text("Happened on the way: 1 × a message is sent, 1 × delivery report")).to_be_visible()
    expect(page.locator(".big-clock")).to_have_attribute("datetime", "2030-02-01T12:00:00.000Z")
    assert tenant.ok("GET", "/recipients")["recipients"][0]["status"] == "delivered"
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Freeze")).to_be_focused()
    assert tenant.ok("GET", "/clock")["running"] is True


def test_the_clock_goes_to_the_next_event(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/time")
    tenant.send("hi")  # it appears automatically
    expect(page.get_by_text("Delivery report: delivered")).to_be_visible()
    page.get_by_role("button", name="To the next event").click()
    expect(page.locator(".big-clock")).to_have_attribute("datetime", "2030-01-31T12:00:01.000Z")


def test_a_fault_is_set_switched_off_and_removed(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/time")
    page.get_by_label("The next API call").select_option("error=LEDGER_ERROR")
    page.get_by_label("How often").nth(1).select_option("until switched off")
    page.get_by_role("button", name="Set").nth(1).click()
    switch = page.get_by_role("switch", name="Refuse: out of credit: on")
    expect(switch).to_be_checked()
    switch.focus()
    assert tenant.api("send-sms", to=HANDSET, message="hi")["error"]["code"] == "LEDGER_ERROR"
    expect(page.get_by_text("used once")).to_be_visible()
    expect(switch).to_be_focused()  # it was not drawn again, which would swallow the next press
    switch.press("Space")
    expect(switch).not_to_be_checked()
    eventually(lambda: not tenant.ok("GET", "/faults")["faults"][0]["enabled"])
    assert tenant.api("send-sms", to=HANDSET, message="hi")["error"]["code"] == "SUCCESS"
    page.get_by_role("button", name="Remove: Refuse: out of credit").click()
    expect(page.get_by_text("None: calls and callbacks work.")).to_be_visible()


def test_the_next_message_gets_a_scenario_once(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/time")
    page.get_by_label("The next message gets the scenario").select_option("hard-bounce")
    page.get_by_role("button", name="Set").first.click()
    expect(page.get_by_text("1 left")).to_be_visible()
    for _ in range(2):
        tenant.send("hi")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    expect(page.get_by_text("used up")).to_be_visible()
    statuses = [each["status"] for each in tenant.ok("GET", "/recipients")["recipients"]]
    assert statuses == ["delivered", "hard-bounce"]


def test_the_throttle_shows_calls(tenant: Account, open_page: OpenPage) -> None:
    tenant.ok("PATCH", "/account", {"throttle": 5})
    page = open_page("#/time")
    for _ in range(2):
        tenant.api_ok("get-balance")
    expect(page.get_by_text("2 of 5")).to_be_visible()


# Callbacks


def test_a_failed_callback_says_why_and_is_sent_again(tenant: Account, open_page: OpenPage) -> None:
    receiver_of(tenant, status=503, body=SCRIPT)
    page = open_page("#/callbacks")
    expect(page.get_by_text("Nothing has arrived yet.")).to_be_visible()
    page.get_by_role("button", name="Send all callbacks of the account here").click()
    expect(page.get_by_text("call the receiver now")).to_be_visible()
    tenant.send(SCRIPT, sender="Shop")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page.get_by_role("button", name="Delivery report").click()
    expect(page.get_by_text("Your app answered, but not with a status from 200 to 299.")).to_be_visible()
    expect(page.get_by_text("The clock is frozen before the next attempt.")).to_be_visible()
    expect(page.locator(".attempt-answer").first).to_have_text(SCRIPT)
    page.get_by_label("It answers").select_option("200, as an app that works")
    page.get_by_role("button", name="Set the answer").click()
    expect(page.get_by_text("answers 200 from now on")).to_be_visible()
    page.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("heading", name="2 attempts")).to_be_visible()
    expect(page.locator(".receiver-requests").get_by_text("signed")).to_have_count(2)
    assert tenant.ok("GET", "/callbacks")["callbacks"][0]["state"] == "delivered"
    assert page.evaluate("window.hit") is None


def test_a_half_pressed_button_stays_while_other_callbacks_come(tenant: Account, open_page: OpenPage) -> None:
    tenant.send("first", dlr_callback="http://169.254.169.254/")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page = open_page("#/callbacks")
    page.get_by_role("button", name="Delivery report").click()
    page.get_by_role("button", name="Send now").evaluate("button => { button.dataset.pressed = 'yes'; }")
    tenant.send("second", dlr_callback="http://169.254.169.254/")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    expect(page.get_by_role("button", name="Delivery report")).to_have_count(2)
    page.wait_for_timeout(300)  # the chosen one is read after the list
    expect(page.get_by_role("button", name="Send now")).to_have_attribute("data-pressed", "yes")


def test_a_refused_address_says_so(tenant: Account, open_page: OpenPage) -> None:
    tenant.send("hi", dlr_callback="http://169.254.169.254/")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page = open_page("#/callbacks")
    page.get_by_role("button", name="Delivery report").click()
    expect(page.get_by_text("The sandbox may not call this address.")).to_be_visible()


# Traffic


def test_traffic_is_filtered_and_copied_as_curl(tenant: Account, open_page: OpenPage) -> None:
    tenant.send(SCRIPT)
    page = open_page("#/traffic")
    tenant.api("send-sms", to=HANDSET)
    rows = page.get_by_role("list", name="Traffic, newest first").get_by_role("listitem")
    expect(rows).to_have_count(2)  # the second came without a reload
    page.get_by_label("Problems only").check()
    expect(rows).to_have_count(1)
    page.get_by_label("Problems only").uncheck()
    expect(rows).to_have_count(2)
    page.get_by_label("Text", exact=True).fill("<img")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("button").press("Enter")
    expect(page.get_by_role("heading", name="send-sms SUCCESS")).to_be_visible()
    page.get_by_role("button", name="Copy this request as a curl command").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    command = page.evaluate("navigator.clipboard.readText()")
    assert "$SMS_SECRET" in command
    assert tenant.secret not in command
    again = subprocess.run(["sh", "-c", f"SMS_SECRET={tenant.secret}; {command} -s"], capture_output=True, text=True)
    assert json.loads(again.stdout)["error"]["code"] == "SUCCESS"
    assert {each["text"] for each in tenant.ok("GET", "/messages")["messages"]} == {SCRIPT}
    assert page.evaluate("window.hit") is None


def test_a_refused_call_says_why_in_words(tenant: Account, open_page: OpenPage) -> None:
    tenant.api("send-sms", to="12,34", message="hi", mesage="x")
    page = open_page("#/traffic?failed=true", width=360)
    row = page.get_by_role("list", name="Traffic, newest first").get_by_role("button")
    expect(row).to_contain_text("Has a hint.")
    for part, words in ((".what", "send-sms"), (".more", "Not valid: 12, 34")):
        expect(row.locator(part)).to_contain_text(words)
        cell = row.locator(part)
        eventually(lambda: cell.evaluate("(cell) => cell.clientWidth") > 60)  # noqa: B023 (awaited at once)
    row.click()
    expect(page.locator(".note.bad")).to_have_text("Not valid: 12, 34")


def test_a_delayed_callback_is_named_as_one(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/time")
    page.get_by_label("The next callback").select_option("delay=30")
    page.get_by_role("button", name="Set").nth(2).click()
    expect(page.get_by_role("switch", name="Send it late: on")).to_be_visible()
    expect(page.get_by_text("late by 30 s")).to_be_visible()


def test_attempts_of_another_day_have_their_date(tenant: Account, open_page: OpenPage) -> None:
    tenant.send("hi", dlr_callback="http://localhost:1/")
    tenant.ok("POST", "/clock/advance", {"hours": 48})
    page = open_page("#/callbacks/1")
    expect(page.locator(".attempts time").last).to_have_text(re.compile(r"Jan.* 12:00:01"))


# The tenant, and the first steps


def test_a_new_tenant_is_found_from_the_top(tenant: Account, open_page: OpenPage) -> None:
    page = open_page("#/tenant")
    page.get_by_role("button", name="New tenant").click()
    expect(page.get_by_label("New tenant")).to_be_focused()


def test_a_message_is_sent_and_the_tenant_copied(tenant: Account, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("#/tenant")
    page.get_by_label("To", exact=True).fill("0491 570 156")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Sent: message")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export this tenant").click()
    file = tmp_path / "tenant.json"
    download.value.save_as(file)
    page.get_by_label("Import a tenant from a file").set_input_files(file)
    name = str(tenant.ok("GET", "/tenants/current")["name"])
    expect(page.get_by_role("heading", name=f"Tenant {name}-")).to_be_visible()
    expect(page.get_by_role("img", name="API calls: 1 accepted")).to_be_visible()
    page.get_by_role("checkbox", name="messages").check()
    page.get_by_role("button", name="Reset the chosen kinds").click()
    expect(page.get_by_text("Reset: messages.")).to_be_visible()
    assert len(tenant.ok("GET", "/messages")["messages"]) == 1


# All views


def test_every_view_is_accessible_and_fits_a_phone(tenant: Account, open_page: OpenPage) -> None:
    tenant.ok("PATCH", "/account", {"dlr_url": receiver_of(tenant)})
    tenant.ok("POST", "/faults", {"error": "FAILED", "count": 1})
    tenant.ok("POST", "/rules", {"match": {"to": HARD_BOUNCE}, "scenario": "hard-bounce"})
    tenant.api("get-balance")
    tenant.send("hi", f"{HANDSET},{HARD_BOUNCE}")
    tenant.ok("POST", "/clock/advance", {"seconds": 2})
    page = open_page(width=360)
    for view, shown in VIEWS.items():
        page.goto(f"#/{view}")
        expect(page.get_by_text(shown).first).to_be_visible()
        for theme, width in (("light", 360), ("dark", 1280)):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            problems = Axe().run(page).response["violations"]
            assert [(each["id"], each["nodes"][0]["html"]) for each in problems] == [], view
            eventually(lambda: page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_the_operator_switches_between_tenants(tenant: Account, server: Account, open_page: OpenPage) -> None:
    name, other = (each.ok("GET", "/tenants/current")["name"] for each in (tenant, server.tenant()))
    page = open_page("#/tenant")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Show the tenant {other}").click()
    expect(page.get_by_role("heading", name=f"Tenant {other}")).to_be_visible()
    page.get_by_role("button", name=f"Delete the tenant {other}").click()
    expect(page.get_by_role("heading", name=f"Tenant {name}")).to_be_visible()
    expect(page.get_by_role("cell", name=tenant.key)).to_be_visible()
    assert {name, other} & {each["name"] for each in server.ok("GET", "/tenants", max=1000)["tenants"]} == {name}


def test_filters_are_part_of_the_address(tenant: Account, open_page: OpenPage) -> None:
    tenant.send("hi")
    tenant.api("get-balance")
    page = open_page("#/traffic?method=send-sms")
    rows = page.get_by_role("list", name="Traffic, newest first").get_by_role("listitem")
    expect(rows).to_have_count(1)
    rows.get_by_role("button").click()
    page.wait_for_url("**/#/traffic/1?method=send-sms")
    page.go_back()
    expect(page.get_by_role("heading", name="send-sms SUCCESS")).to_be_hidden()
    page.goto("#/traffic?failed=true")
    expect(rows).to_have_count(0)
    expect(page.get_by_label("Problems only")).to_be_checked()
