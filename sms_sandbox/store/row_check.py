"""The check of a document's rows against their tables, before the first row is written."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Column, SmallInteger, String, Table

from ..domain.callbacks import is_http_url
from ..domain.clock import LATEST, to_micros
from ..domain.rule_match import Match, Turns
from . import tables
from .contacts import SLOTS
from .tenant_rows import DOCUMENT_TABLES, columns_of, is_serial
from .text import storable

MAX_INTEGER = to_micros(LATEST)
"""The greatest integer allowed in a document: the latest moment, in microseconds."""

_SIGNED = frozenset(
    {
        tables.transactions.c.amount, tables.transactions.c.balance, tables.transactions.c.revenue,
        tables.accounts.c.balance, tables.accounts.c.total_revenue, tables.accounts.c.total_spend,
    }
)  # fmt: skip
"""Columns whose integers may be negative."""


class DocumentError(ValueError):
    """A document that can not become a tenant; `path` is the place of the error."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"document.{path}: {what}")


def check_rows(rows: Mapping[str, Any]) -> None:
    """Raise DocumentError unless every table is present and all rows fit their tables."""
    names = {table.name for table in DOCUMENT_TABLES}
    for name in rows:
        if name not in names:
            raise DocumentError(f"tables.{name}", "there is no such table")
    for table in DOCUMENT_TABLES:
        if table.name not in rows:
            raise DocumentError(f"tables.{table.name}", "the table is missing")
        _check_table(table, rows[table.name])


def _check_table(table: Table, rows: Any) -> None:
    """Raise DocumentError unless all rows fit the table and no key occurs twice."""
    path = f"tables.{table.name}"
    if not isinstance(rows, list):
        raise DocumentError(path, "must be an array")
    columns = {column.name: column for column in columns_of(table)}
    keys = [column.name for column in table.primary_key if column.name != "tenant" and not is_serial(column)]
    seen: set[tuple[Any, ...]] = set()
    for index, row in enumerate(rows):
        place = f"{path}[{index}]"
        if not isinstance(row, dict):
            raise DocumentError(place, "must be an object")
        if row.keys() != columns.keys():
            unknown = sorted(row.keys() - columns.keys())
            if unknown:
                raise DocumentError(f"{place}.{unknown[0]}", "there is no such column")
            raise DocumentError(f"{place}.{min(columns.keys() - row.keys())}", "the column is missing")
        for name, column in columns.items():
            if (why := _refusal(column, row[name])) is not None:
                raise DocumentError(f"{place}.{name}", why)
        key = tuple(row[name] for name in keys)
        if keys and key in seen:
            raise DocumentError(place, f"an earlier row has the same {' and '.join(keys)}")
        seen.add(key)


def _refusal(column: Column[Any], value: Any) -> str | None:
    """Return why a column can not store a value. None if it can."""
    if value is None:
        return None if column.nullable else "must not be null"
    if isinstance(column.type, String):
        if not isinstance(value, str):
            return "must be a text"
        if column.type.length is not None and len(value) > column.type.length:
            return f"has more than {column.type.length} characters"
        if storable(value) != value:
            return "must not have a NUL or half a character"
        check = _TEXT_CHECKS.get(column)
        return check(value) if check else None
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be an integer"
    if isinstance(column.type, SmallInteger):
        return None if value in (0, 1) else "must be 0 or 1"
    least = -MAX_INTEGER if column in _SIGNED else 0
    return None if least <= value <= MAX_INTEGER else f"must be from {least} to {MAX_INTEGER}"


def _refuse_texts(value: str) -> str | None:
    parsed = _parse(value)
    fits = isinstance(parsed, dict) and all(isinstance(item, str) for item in parsed.values())
    return None if fits else "must be the JSON of an object of texts"


def _refuse_slots(value: str) -> str | None:
    if (why := _refuse_texts(value)) is not None:
        return why
    return None if _parse(value).keys() <= set(SLOTS) else f"must have no keys but {', '.join(SLOTS)}"


def _refuse_data(value: str) -> str | None:
    return None if not value or isinstance(_parse(value), dict) else "must be blank or the JSON of an object"


def _refuse_rule(value: str) -> str | None:
    parsed = _parse(value)
    try:
        Match(**parsed["match"])
        Turns(**parsed["turns"])
        fits = isinstance(parsed["what"], dict) and isinstance(parsed.get("enabled", True), bool)
    except (TypeError, ValueError, LookupError, AttributeError):
        fits = False
    return None if fits else "must be the JSON of a rule: match, turns and what"


def _refuse_hints(value: str) -> str | None:
    parsed = _parse(value) if value else []
    fits = isinstance(parsed, list) and all(isinstance(item, str) for item in parsed)
    return None if fits else "must be blank or the JSON of an array of texts"


def _refuse_digits(value: str) -> str | None:
    return None if value.isascii() and value.isdigit() else "must be digits"


def _refuse_url(value: str) -> str | None:
    return None if not value or is_http_url(value) else "must be blank, or the URL of http or https"


def _parse(value: str) -> Any:
    """Return the value of a JSON text. None if it is not JSON, or has a text that cannot be stored."""
    try:
        parsed = json.loads(value)
        return parsed if _is_storable(parsed) else None
    except (ValueError, RecursionError):
        return None


def _is_storable(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_storable(name) and _is_storable(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return not isinstance(value, str) or storable(value) == value


_TEXT_CHECKS: Mapping[Column[Any], Callable[[str], str | None]] = {
    tables.lists.c.fields: _refuse_slots,
    tables.members.c.fields: _refuse_slots,
    tables.imports.c.fields: _refuse_slots,
    tables.timeline.c.data: _refuse_data,
    tables.failed_events.c.data: _refuse_data,
    tables.rules.c.spec: _refuse_rule,
    tables.numbers.c.number: _refuse_digits,
    tables.traffic.c.request: _refuse_texts,
    tables.traffic.c.hints: _refuse_hints,
    **{
        table.c[name]: _refuse_url
        for table, *names in (
            (tables.accounts, "dlr_url", "reply_url", "link_hits_url"),
            (tables.messages, "dlr_url", "reply_url", "link_hits_url", "tracked_url"),
            (tables.numbers, "forward_url"),
            (tables.keywords, "forward_url"),
            (tables.lists, "automation_url"),
            (tables.imports, "url"),
            (tables.callbacks, "url"),
            (tables.links, "target"),
        )
        for name in names
    },
}
"""The checks of columns whose text has a format. Each returns why a text does not fit, or None."""
