"""The tables of docs/differences.md, from the table of gaps. The text around them is written by hand."""

import re

from ..api.parity.gaps import load_gaps

_KNOWN_HEADER = "| What | The real service | Here | Why |\n|---|---|---|---|\n"
_ASSUMED_HEADER = "| What | Here |\n|---|---|\n"


def build_page(text: str) -> str:
    """Update the tables of the page. Raises ValueError if the page has no place for a table."""
    known = _KNOWN_HEADER + "\n".join(
        f"| {gap.what} | {gap.really} | {gap.here} | {gap.why} |" for gap in load_gaps() if gap.really
    )
    assumed = _ASSUMED_HEADER + "\n".join(f"| {gap.what} | {gap.here} |" for gap in load_gaps() if not gap.really)
    return _put_table(_put_table(text, "known", known), "assumed", assumed)


def _put_table(text: str, name: str, table: str) -> str:
    """Put a table between its two marks in a text."""
    place = re.compile(f"(<!-- {name}:[^>]* -->\n).*?(\n<!-- {name} ends -->)", re.DOTALL)
    updated, count = place.subn(lambda match: f"{match[1]}{table}{match[2]}", text)
    if count != 1:
        raise ValueError(f"the page has {count} places for the table {name!r}")
    return updated
