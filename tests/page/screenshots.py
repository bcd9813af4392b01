"""The pictures of README and docs: the page with the demo's story. `make screenshots` takes them."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from sms_sandbox.client.demo import tell_story
from sms_sandbox.settings import Settings
from tests.browser import find_browser, flags
from tests.sandbox import Account, run_sandbox

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZES = {1440: 900, 1024: 768, 390: 844}
"""Heights of the pictures by their widths."""

THEMES = ("light", "dark")
PHONES = "61491570156+61491570159+61491570158"
SETTLE_MS = 700
"""Time until everything that a view reads is drawn. The event stream keeps the network busy for ever."""


class Picture(NamedTuple):
    """A picture to take of a view, after `ready` is visible."""

    name: str
    where: str
    ready: str
    width: int
    theme: str

    @property
    def path(self) -> Path:
        return IMAGES / f"{self.name}-{self.width}-{self.theme}.png"


def pictures(story: Account) -> Iterator[Picture]:
    """Yield the pictures: the handsets at every size, and the views that docs show at one."""
    for width in SIZES:
        for theme in THEMES:
            yield Picture("handsets", f"#/handsets/{PHONES}", ".phone .text", width, theme)
    failed = story.ok("GET", "/callbacks", state="given-up")["callbacks"] or story.ok("GET", "/callbacks")["callbacks"]
    for theme in THEMES:
        yield Picture("message", f"#/messages/{failed[0]['message_id']}", ".story", 1440, theme)


def take(browser: Browser, story: Account, picture: Picture) -> None:
    """Take a picture and write its file."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": SIZES[picture.width]},
        color_scheme="dark" if picture.theme == "dark" else "light",
        timezone_id="UTC", locale="en-AU", reduced_motion="reduce",
    )  # fmt: skip
    page.goto(f"{story.ready.http}/_sandbox/{picture.where}")
    page.locator(picture.ready).first.wait_for()
    page.locator(".dot.live").wait_for(state="attached")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=picture.path)
    page.close()
    print(picture.path.relative_to(IMAGES.parents[1]))


def main() -> int:
    """Take all pictures of a sandbox with the demo; return the exit code."""
    path = find_browser()
    if path is None:
        print("There is no browser: install chromium, or name one in SMS_SANDBOX_BROWSER.", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as certs:
        settings = Settings(https_port=0, http_port=0, certs=certs, demo=True)
        with run_sandbox(settings) as story, sync_playwright() as playwright:
            tell_story(story.ready)
            story.ok("POST", "/clock/freeze")  # so that each run shows the same time
            browser = playwright.chromium.launch(executable_path=path, args=flags())
            for picture in pictures(story):
                take(browser, story, picture)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
