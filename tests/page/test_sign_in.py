"""The sign-in of a server that other machines reach, in a browser."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.page.conftest import TIMEOUT_MS
from tests.sandbox import HANDSET, Account, run_sandbox


@pytest.fixture(scope="module")
def public(certificates: Certificates) -> Iterator[Account]:
    """The default account of a server that listens on every address."""
    settings = Settings(
        host="0.0.0.0",  # noqa: S104 (what is under test)
        https_port=0, http_port=0, certs=str(certificates.directory), delivery_delay=0.05, throttle=0,
    )  # fmt: skip
    with run_sandbox(settings) as account:
        yield account


@pytest.fixture
def page(browser: Browser, public: Account) -> Iterator[Page]:
    """A page of a browser that has never been here."""
    context = browser.new_context(base_url=public.ready.http, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def test_a_colleague_signs_in_looks_around_and_signs_out(page: Page, public: Account) -> None:
    public.send("for signed-in eyes only")
    page.goto("/_sandbox/#/messages")
    expect(page).to_have_url(re.compile(r"/_sandbox/sign-in\?next="))
    expect(page.get_by_text("for signed-in eyes only")).to_have_count(0)
    assert Axe().run(page).violations_count == 0
    page.get_by_label("API key").fill(public.key)
    page.get_by_label("API secret").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("There is no account with this key and secret.")
    expect(page.get_by_label("API key")).to_have_value(public.key)
    page.get_by_label("API secret").fill(public.secret)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/_sandbox/(#/.*)?$"))
    page.goto("/_sandbox/#/messages")
    expect(page.get_by_text("for signed-in eyes only").first).to_be_visible()
    public.send("as it comes", HANDSET)
    expect(page.get_by_text("as it comes").first).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 740})
    tops = [page.locator(part).bounding_box() for part in (".brand", ".sign-out")]
    middles = [box["y"] + box["height"] / 2 for box in tops if box]
    assert abs(middles[0] - middles[-1]) < 5, "one row holds the top bar of a small phone"
    # The tenant must not see what the operator looked at in this tab before.
    page.evaluate("sessionStorage.setItem('sms-sandbox.acts-on', 'another')")
    page.reload()
    expect(page.locator(".chip .tenant")).to_have_text("default")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/_sandbox/")
    expect(page).to_have_url(re.compile(r"/_sandbox/sign-in"))


def test_the_operator_signs_in_with_the_token(page: Page, public: Account) -> None:
    page.goto("/_sandbox/docs/")
    expect(page.get_by_role("heading", name="The documentation")).to_be_visible()
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    page.goto("/_sandbox/")
    page.get_by_label("Operator's token").fill(public.ready.control_token or "")
    page.get_by_role("button", name="Sign in as the operator").click()
    expect(page.get_by_role("button", name="Sign out")).to_have_attribute("title", "Signed in as operator")


def test_the_operator_makes_a_tenant_and_copies_commands_that_work(page: Page, public: Account, tmp_path: Path) -> None:
    page.goto("/_sandbox/")
    page.get_by_label("Operator's token").fill(public.ready.control_token or "")
    page.get_by_role("button", name="Sign in as the operator").click()
    page.get_by_role("link", name="Start", exact=True).click()
    command = page.locator("#first-call code")
    expect(command).to_contain_text(f"{public.key}:SECRET")
    page.get_by_role("button", name="Create a tenant of my own").click()
    expect(command).not_to_contain_text("SECRET")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    ran = subprocess.run(["sh", "-c", command.inner_text()], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert json.loads(ran.stdout)["error"]["code"] == "SUCCESS", ran.stderr
    page.get_by_role("link", name="Handsets", exact=True).click()
    expect(page.locator(".text.got .bubble")).to_have_text("Got: Hello from the sandbox")
    page.get_by_label("Text from +61 491 570 156").fill("Thanks")
    page.keyboard.press("Enter")
    expect(page.locator(".text.sent .bubble")).to_have_text("Sent: Thanks")
    page.get_by_role("link", name="Start", exact=True).click()
    replies = page.get_by_text("get-user-sms-responses.json").inner_text()
    ran = subprocess.run(["sh", "-c", replies], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert json.loads(ran.stdout)["responses"][0]["response"] == "Thanks", ran.stderr
    page.get_by_role("link", name="Tenant", exact=True).click()
    expect(page.get_by_role("button", name="Copy the secret")).to_be_visible()
