"""The tables of docs/differences.md, from the table of gaps; the words around them are written by hand."""

import re

from ..api.parity.gaps import Gap, load_gaps

KNOWN = "| What | The real service | Here | Why |\n|---|---|---|---|\n"
ASSUMED = "| What | Here |\n|---|---|\n"


def page(text: str) -> str:
    """The page with its tables as they should be; ValueError where it has no place for them."""
    known = KNOWN + "\n".join(
        f"| {each.what} | {each.really} | {each.here} | {each.why} |" for each in load_gaps() if each.really
    )
    assumed = ASSUMED + "\n".join(map(row, (each for each in load_gaps() if not each.really)))
    return put(put(text, "known", known), "assumed", assumed)


def row(each: Gap) -> str:
    return f"| {each.what} | {each.here} |"


def put(text: str, name: str, table: str) -> str:
    """The text with a table between the marks of that name."""
    between = re.compile(f"(<!-- {name}:[^>]* -->\n).*?(\n<!-- {name} ends -->)", re.DOTALL)
    found, count = between.subn(lambda match: f"{match[1]}{table}{match[2]}", text)
    if count != 1:
        raise ValueError(f"the page has {count} places for the table {name!r}")
    return found
