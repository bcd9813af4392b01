"""Write the generated pages of a checkout. With `--check`, only list the stale ones."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ..api.parity.report import VALIDATED
from . import differences, methods, parity, scenarios

_Writer = Callable[[Path], str]

PAGES: Mapping[str, _Writer] = {
    f"sms_sandbox/api/parity/{VALIDATED}": lambda root: parity.build_validated(root / "contract_tests" / "recorded"),
    "docs/methods.md": lambda _: methods.build_page(),
    "docs/parity.md": lambda _: parity.build_page(),
    "docs/scenarios.md": lambda _: scenarios.build_page(),
    "docs/differences.md": lambda root: differences.build_page((root / "docs" / "differences.md").read_text("utf-8")),
}
"""The function that builds each file, from the root of the checkout. The other pages read the first file."""


def find_stale_pages(root: Path) -> list[str]:
    """Return the files whose content is not up to date."""
    return [name for name, text in PAGES.items() if not _holds(root / name, text(root))]


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def main(arguments: list[str]) -> str | None:
    """Write or check the pages. Return an error message, or None."""
    root = Path.cwd()
    if not (root / "docs").is_dir():
        return "Run this in a checkout: there is no folder docs here."
    if arguments == ["--check"]:
        stale = find_stale_pages(root)
        return f"Stale: {', '.join(stale)}. Run make docs." if stale else None
    if arguments:
        return "Usage: python -m sms_sandbox.docs_generator [--check]"
    for name, text in PAGES.items():
        (root / name).write_text(text(root), "utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
