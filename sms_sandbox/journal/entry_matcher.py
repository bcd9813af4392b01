"""Filters of traffic entries without the database, for entries that are in memory."""

from collections.abc import Callable

from ..store.text import to_lower
from .queries import Entry, EntryFilter


def build_matcher(where: EntryFilter) -> Callable[[Entry], bool]:
    """Return the function that says if an entry fits a filter, as the database would.

    It knows neither `failed` nor `params` nor times; raises ValueError for these.
    """
    if where.failed is not None or where.params or where.since or where.until:
        raise ValueError("these entries can only be found by the database")
    same = [(name, value) for name in ("kind", "method", "code") if (value := getattr(where, name)) is not None]
    text, rule = to_lower(where.text), to_lower(where.rule)

    def fits(entry: Entry) -> bool:
        return (
            entry.id > where.after
            and all(getattr(entry, name) == value for name, value in same)
            and (where.message is None or entry.message == where.message)
            and (not where.numbers or any(number in entry.numbers for number in where.numbers))
            and (not text or text in (to_lower(entry.text) or ""))
            and (not rule or rule in (to_lower(entry.rule) or ""))
        )

    return fits
