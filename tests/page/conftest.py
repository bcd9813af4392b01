"""A browser, and pages of fresh tenants in it."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.browser import find_browser, flags
from tests.sandbox import Account, run_sandbox

TIMEOUT_MS = 30_000
"""Longest wait for the page. It is long, because a busy machine may pause a browser for seconds."""

OpenPage = Callable[..., Page]
"""Opens a page of a tenant: `open_page("#/messages", width=390, dark=True, tenant=other)`."""


@pytest.fixture(scope="package")
def server(certificates: Certificates) -> Iterator[Account]:
    """A running sandbox for all tests of the page; its default account."""
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), delivery_delay=0.05)
    with run_sandbox(settings) as account:
        yield account


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the page. Without one they are skipped, which `.ci/run` counts as a failure."""
    path = find_browser()
    if path is None:
        pytest.skip("THERE IS NO BROWSER: install chromium, or name one in SMS_SANDBOX_BROWSER")
    # Other tests run event loops of their own, so this one ends with the tests of the page.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags())
        yield browser
        browser.close()


@pytest.fixture
def tenant(server: Account) -> Account:
    """The tenant of this test, with a clock that is running."""
    return server.tenant()


@pytest.fixture
def open_page(browser: Browser, tenant: Account) -> Iterator[OpenPage]:
    """A function that opens a page. It checks in the end that no page had an error, or loaded anything foreign."""
    contexts = []
    problems: list[str] = []
    own = tenant

    def open_one(
        where: str = "", width: int = 1280, height: int = 800, dark: bool = False, tenant: Account | None = None
    ) -> Page:
        account = tenant or own
        base = f"{account.ready.http}/_sandbox/"
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", base_url=base,
            reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        contexts.append(context)
        pair = json.dumps(f"{account.key}:{account.secret}")
        stored = "'sms-sandbox.tenant'"  # unless the page has switched to another tenant
        context.add_init_script(f"sessionStorage.getItem({stored}) ?? sessionStorage.setItem({stored}, {pair})")
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)

        def hear(message: ConsoleMessage) -> None:
            # Chromium also logs each refusal of control, which the page shows to the user.
            if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
                problems.append(message.text)

        def check(request: Request) -> None:
            if not request.url.startswith(account.ready.http):
                problems.append(request.url)

        page.on("console", hear)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", check)
        page.goto(where or "#/handsets")
        return page

    expect.set_options(timeout=TIMEOUT_MS)
    yield open_one
    for context in contexts:
        context.close()
    assert problems == []
