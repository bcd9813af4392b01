"""A browser for the tests of the page: an installed one, or else one that can be installed.

`python -m tests.browser --install` gets one if none is installed. `python -m tests.browser` fails if there is none.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge",
    "microsoft-edge-stable", "msedge",
)  # fmt: skip
"""Programs that Playwright can drive as Chromium, the preferred one first."""

APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
"""Places of programs that are not on the PATH."""

FLAGS = (
    "--disable-gpu", "--disable-quic", "--disable-sync", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
)  # fmt: skip
"""Flags with which a browser contacts only the server under test."""

INSTALL_TIMEOUT_SECONDS = 600


def find_browser() -> str | None:
    """Return the path of a browser; None if there is none.

    The variable SMS_SANDBOX_BROWSER may name it.
    """
    if (named := os.environ.get("SMS_SANDBOX_BROWSER")) is not None:
        return shutil.which(named)
    for name in (*NAMES, *APPLICATIONS):
        if path := shutil.which(name):
            return path
    return _find_download()


def _find_download() -> str | None:
    """Return the browser that Playwright downloaded earlier."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.exists() else None


def flags() -> list[str]:
    """Return the flags for this user. Chromium has no sandbox for root."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, *(["--no-sandbox"] if is_root else [])]


def install_browser() -> None:
    """Install Debian's package if this user may, and otherwise let Playwright download a browser.

    What goes wrong is printed; the caller looks again if there is a browser.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update", "--quiet")
        if _run("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "chromium"):
            return
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def _run(*command: str) -> bool:
    print(f"No browser is installed: {' '.join(command)}", file=sys.stderr, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=environment, timeout=INSTALL_TIMEOUT_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired) as why:
        print(f"{command[0]} failed: {why}", file=sys.stderr)
        return False


def main() -> int:
    """Get a browser, or only look for one; return the exit code."""
    wants_install = "--install" in sys.argv[1:]
    if find_browser() is None and wants_install:
        install_browser()
    if (path := find_browser()) is None:
        print("THERE IS NO BROWSER: the tests of the page are skipped.", file=sys.stderr)
        return 0 if wants_install else 1
    print(f"Browser: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
