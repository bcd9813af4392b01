"""Phones on the page while what it reads or changes comes late."""

import re

from playwright.sync_api import APIResponse, Page, Route, expect

from tests.page.conftest import OpenPage
from tests.sandbox import HANDSET, Account


def wait_for_held(page: Page, held: list[Route]) -> Route:
    """Wait until the page has made a request that is held back, and return it."""
    while not held:
        page.wait_for_timeout(20)
    return held[0]


def test_a_phone_gets_the_focus_however_late_it_is_drawn(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="No message yet")).to_be_visible()
    held: list[Route] = []
    page.route(re.compile(r"/v1/numbers\?"), lambda route: held.append(route))
    page.reload()
    page.get_by_label("Find or open a handset by its number").fill("0491 570 158")
    page.get_by_role("button", name="Open").click()
    page.wait_for_timeout(500)
    wait_for_held(page, held).continue_()
    expect(page.get_by_label("Text from +61 491 570 158")).to_be_focused()


def test_a_read_during_a_change_of_the_phone_does_not_undo_it(open_page: OpenPage, tenant: Account) -> None:
    tenant.ok("POST", "/clock/freeze")
    tenant.send("one")
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.locator(".text.got")).to_have_count(1)
    one.get_by_role("button", name="Settings of the phone").click()
    held: list[Route] = []
    page.route(
        re.compile(rf"/handsets/{HANDSET}$"),
        lambda route: held.append(route) if route.request.method == "PATCH" else route.continue_(),
    )
    answers = one.get_by_label("Answers automatically")
    answers.check()
    route = wait_for_held(page, held)
    tenant.send("two")
    expect(one.locator(".text.got")).to_have_count(2)
    expect(answers).to_be_checked()
    route.continue_()
    expect(one.locator(".phone-badges")).to_contain_text("Answers")
    expect(answers).to_be_checked()


def test_a_late_read_does_not_undo_a_change_of_the_phone(open_page: OpenPage, tenant: Account) -> None:
    tenant.ok("POST", "/clock/freeze")  # so that only the second text lets the page read again
    tenant.send("one")
    page = open_page()
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.locator(".text.got")).to_have_count(1)
    one.get_by_role("button", name="Settings of the phone").click()
    held: list[tuple[Route, APIResponse | None]] = []

    def hold(route: Route) -> None:
        if route.request.method != "GET":
            route.continue_()
        else:  # the first is answered late, and the others never
            held.append((route, None if held else route.fetch()))

    page.route(re.compile(rf"/handsets/{HANDSET}$"), hold)
    tenant.send("two")
    while not held:
        page.wait_for_timeout(20)
    one.get_by_role("button", name="Off", exact=True).click()
    expect(one.locator(".phone-badges")).to_contain_text("Off")
    route, late = held[0]
    assert late is not None
    route.fulfill(response=late)
    expect(one.locator(".text.got")).to_have_count(2)
    assert "Off" in one.locator(".phone-badges").inner_text()
    page.unroute_all(behavior="ignoreErrors")


def test_a_phone_that_is_opened_while_the_view_is_still_reading_stays(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.get_by_role("heading", name="No message yet")).to_be_visible()  # what it read first has come
    held: list[Route] = []
    page.route(re.compile(r"/v1/handsets\?max="), lambda route: held.append(route))
    page.reload()
    page.get_by_label("Find or open a handset by its number").fill("0491 570 158")
    first = wait_for_held(page, held)
    page.get_by_role("button", name="Open").click()
    one = page.locator(".phone[data-number='61491570158']")
    expect(page.get_by_label("Text from +61 491 570 158")).to_be_focused()
    page.get_by_label("Find or open a handset by its number").focus()  # a phone that has the focus stays anyway
    with page.expect_response(re.compile(r"/v1/handsets\?max=")):
        first.continue_()
    page.wait_for_timeout(200)  # the view has drawn what it read
    expect(one).to_be_visible()


def test_a_phone_says_that_it_is_reading(open_page: OpenPage, tenant: Account) -> None:
    tenant.send("one")
    page = open_page("#/start")
    held: list[Route] = []
    page.route(re.compile(r"/texts\?"), lambda route: held.append(route))
    page.goto("#/handsets")
    one = page.locator(f".phone[data-number='{HANDSET}']")
    expect(one.get_by_text("Reading the texts…")).to_be_visible()
    expect(one.get_by_label("Number to write to")).to_be_hidden()
    wait_for_held(page, held).continue_()
    expect(one.locator(".text.got .bubble")).to_have_text("Got: one")
    sender = tenant.ok("GET", "/messages")["messages"][0]["sender"]
    expect(one.get_by_label("Number to write to")).to_have_value(sender)
