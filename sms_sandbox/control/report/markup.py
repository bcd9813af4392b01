"""HTML that is built from elements, so that every text in it is escaped."""

from datetime import datetime
from html import escape


class Markup(str):
    """A piece of HTML. Any other text is escaped where it is put into an element."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | None) -> Markup:
    """Return an element. `class_` is the attribute class; children and attributes that are None are left out."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{tag}{given}>{join(*children)}</{tag}>")


def join(*parts: str | None) -> Markup:
    """Return parts in a row. Those that are no markup are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part, quote=False) for part in parts if part))


def time_element(at: datetime, form: str = "%H:%M:%S") -> Markup:
    """Return a time of the tenant's clock, in UTC."""
    return element("time", f"{at:{form}}", datetime=f"{at:%Y-%m-%dT%H:%M:%SZ}")


def day_heading(at: datetime) -> str:
    """Return the day of a time, in words."""
    return f"{at:%A}, {at.day} {at:%B %Y}"


def count_words(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
