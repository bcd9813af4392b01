"""Whether a document can become a tenant: every value is looked at before the first row is written."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, SmallInteger, String, Table

from ..domain import delivery_plan
from ..domain.clock import LATEST, to_micros
from ..domain.faults import Fault
from ..domain.rule_match import Match, Turns
from ..store import ids, tables
from ..store.contacts import SLOTS
from ..store.rules import CARRIER
from .tenant_document import KEPT, Row, Tables, columns_of, is_serial

GREATEST = to_micros(LATEST)
"""The greatest integer in a document; moments are what comes closest to it."""

COUNTED = {
    "account": tables.accounts,
    "message": tables.messages,
    "recipient": tables.recipients,
    "list": tables.lists,
    "response": tables.responses,
    "callback": tables.callbacks,
    "keyword": tables.keywords,
    "transaction": tables.transactions,
    "mail": tables.mails,
    "import": tables.imports,
    "rule": tables.rules,
    "traffic": tables.traffic,
}
"""Whose ids each kind of counter counts."""


class DocumentError(ValueError):
    """A document that can't become a tenant; `path` is where it is at fault."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"document.{path}: {what}")


def check(rows: Mapping[str, Any], planned: Collection[str]) -> Tables:
    """The rows, if a tenant can be made of them; `planned` is the kinds there may be on the timeline. Raises
    DocumentError."""
    known = {table.name for table in KEPT}
    for name in rows:
        if name not in known:
            raise DocumentError(f"tables.{name}", "there is no such table")
    for table in KEPT:
        if table.name not in rows:
            raise DocumentError(f"tables.{table.name}", "the table is missing")
        check_table(table, rows[table.name])
    if len(rows["journals"]) != 1:
        raise DocumentError("tables.journals", "must have one row")
    check_accounts(rows)
    check_rules(rows)
    check_counters(rows)
    for index, row in enumerate(rows["timeline"]):
        if row["kind"] not in planned:
            raise DocumentError(f"tables.timeline[{index}].kind", f"nothing of the kind {row['kind']!r} can happen")
    return rows


def check_table(table: Table, rows: Any) -> None:
    """Raise unless these can be rows of the table, each once."""
    path = f"tables.{table.name}"
    if not isinstance(rows, list):
        raise DocumentError(path, "must be an array")
    columns = {column.name: column for column in columns_of(table)}
    keys = [each.name for each in table.primary_key if each.name != "tenant" and not is_serial(each)]
    seen: set[tuple[Any, ...]] = set()
    for index, row in enumerate(rows):
        here = f"{path}[{index}]"
        if not isinstance(row, dict):
            raise DocumentError(here, "must be an object")
        if row.keys() != columns.keys():
            told = sorted(row.keys() - columns.keys())
            if told:
                raise DocumentError(f"{here}.{told[0]}", "there is no such column")
            raise DocumentError(f"{here}.{min(columns.keys() - row.keys())}", "the column is missing")
        for name, column in columns.items():
            if (why := refusal(column, row[name])) is not None:
                raise DocumentError(f"{here}.{name}", why)
        key = tuple(row[name] for name in keys)
        if keys and key in seen:
            raise DocumentError(here, f"its {' and '.join(keys)} stand in a row before")
        seen.add(key)


def refusal(column: Column[Any], value: Any) -> str | None:
    """Why a value can't stand in a column; None if it can."""
    if value is None:
        return None if column.nullable else "must not be null"
    if isinstance(column.type, String):
        if not isinstance(value, str):
            return "must be a text"
        if column.type.length is not None and len(value) > column.type.length:
            return f"has more than {column.type.length} characters"
        if "\x00" in value:
            return "must not have a NUL"
        judge = JUDGES.get(column)
        return judge(value) if judge else None
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be an integer"
    if isinstance(column.type, SmallInteger):
        return None if value in (0, 1) else "must be 0 or 1"
    return None if abs(value) <= GREATEST else f"must be from -{GREATEST} to {GREATEST}"


def by_text(value: str) -> str | None:
    """Why a text is not the JSON of an object of texts."""
    found = read(value)
    fits = isinstance(found, dict) and all(isinstance(each, str) for each in found.values())
    return None if fits else "must be the JSON of an object of texts"


def by_slot(value: str) -> str | None:
    """Why a text is not the JSON of custom fields."""
    if (why := by_text(value)) is not None:
        return why
    return None if read(value).keys() <= set(SLOTS) else f"must have no keys but {', '.join(SLOTS)}"


def by_data(value: str) -> str | None:
    return None if not value or isinstance(read(value), dict) else "must be blank or the JSON of an object"


def by_spec(value: str) -> str | None:
    """Why a text is not what a rule is kept as."""
    found = read(value)
    try:
        Match(**found["match"])
        Turns(**found["turns"])
        fits = isinstance(found["what"], dict)
    except (TypeError, ValueError, LookupError, AttributeError):
        fits = False
    return None if fits else "must be the JSON of a rule: match, turns and what"


def by_hints(value: str) -> str | None:
    found = read(value) if value else []
    fits = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return None if fits else "must be blank or the JSON of an array of texts"


def by_digits(value: str) -> str | None:
    return None if value.isascii() and value.isdigit() else "must be digits"


def read(value: str) -> Any:
    """What a text is the JSON of; None where it is no JSON."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


JUDGES: Mapping[Column[Any], Callable[[str], str | None]] = {
    tables.lists.c.fields: by_slot,
    tables.members.c.fields: by_slot,
    tables.imports.c.fields: by_slot,
    tables.timeline.c.data: by_data,
    tables.rules.c.spec: by_spec,
    tables.numbers.c.number: by_digits,
    tables.traffic.c.request: by_text,
    tables.traffic.c.hints: by_hints,
}
"""Texts that are read as something else."""


def check_accounts(rows: Tables) -> None:
    """Raise unless there is a first account of the tenant's own, and everybody who is named is there."""
    accounts = rows["accounts"]
    if not accounts:
        raise DocumentError("tables.accounts", "there is no account")
    ids_ = {row["id"] for row in accounts}
    keys: set[Any] = set()
    for index, row in enumerate(accounts):
        here = f"tables.accounts[{index}]"
        if row["key"] in keys:
            raise DocumentError(f"{here}.key", "another account has this key")
        keys.add(row["key"])
        own = row["id"] == min(map(_integer, ids_))
        if own != (row["parent"] is None) or (not own and row["parent"] not in ids_):
            raise DocumentError(f"{here}.parent", "the first account has none, and every other one of this document")
    for table in KEPT:
        if "account" in table.c and table is not tables.traffic:  # which tells of strangers, and of accounts gone by
            for index, row in enumerate(rows[table.name]):
                if row["account"] is not None and row["account"] not in ids_:
                    raise DocumentError(
                        f"tables.{table.name}[{index}].account", f"there is no account {row['account']}"
                    )


def check_rules(rows: Tables) -> None:
    """Raise DocumentError for a rule that does what none of its kind can."""
    for index, row in enumerate(rows["rules"]):
        what = json.loads(str(row["spec"]))["what"]
        try:
            if row["kind"] == CARRIER:
                delivery_plan.check(what["scenario"], what["options"])
            fits = row["kind"] == CARRIER or Fault(**what).on == row["kind"]
        except (TypeError, ValueError, LookupError, AttributeError):
            fits = False
        if not fits:
            raise DocumentError(f"tables.rules[{index}].spec", f"says what no rule of the kind {row['kind']!r} can do")


def check_counters(rows: Tables) -> None:
    """Raise unless ids can be counted on from where the counters stand."""
    counters = {row["kind"]: _integer(row["value"]) for row in rows["counters"]}
    for kind in counters:
        if kind not in ids.FIRST:
            raise DocumentError("tables.counters", f"nothing is counted as {kind!r}")
    for kind, table in COUNTED.items():
        greatest = max(map(_integer, _ids(rows[table.name])), default=None)
        if greatest is not None and counters.get(kind, ids.FIRST[kind]) <= greatest:
            raise DocumentError("tables.counters", f"the next {kind} would get the id of one there is")


def _ids(rows: Collection[Row]) -> Iterator[int | str | None]:
    return (row["id"] for row in rows)


def _integer(value: int | str | None) -> int:
    assert isinstance(value, int)
    return value
