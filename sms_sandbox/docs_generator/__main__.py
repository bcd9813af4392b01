"""Write the generated pages of a checkout. With `--check`, name the stale ones and change nothing."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ..api.parity.report import VALIDATED
from . import differences, methods, parity, scenarios

Writer = Callable[[Path], str]

PAGES: Mapping[str, Writer] = {
    f"sms_sandbox/api/parity/{VALIDATED}": lambda root: parity.validated(root / "contract_tests" / "recorded"),
    "docs/methods.md": lambda _: methods.page(),
    "docs/parity.md": lambda _: parity.page(),
    "docs/scenarios.md": lambda _: scenarios.page(),
    "docs/differences.md": lambda root: differences.page((root / "docs" / "differences.md").read_text("utf-8")),
}
"""By file, what it should hold. The first is read by the others."""


def stale(root: Path) -> list[str]:
    """The files that do not hold what they should."""
    return [name for name, text in PAGES.items() if not holds(root / name, text(root))]


def holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def main(arguments: list[str]) -> str | None:
    """What is wrong, or nothing."""
    root = Path.cwd()
    if not (root / "docs").is_dir():
        return "Run it in a checkout: there is no folder docs here."
    if arguments == ["--check"]:
        old = stale(root)
        return f"Stale: {', '.join(old)}. Run make docs." if old else None
    if arguments:
        return "Usage: python -m sms_sandbox.docs_generator [--check]"
    for name, text in PAGES.items():
        (root / name).write_text(text(root), "utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
