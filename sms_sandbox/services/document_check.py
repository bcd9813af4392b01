"""Check that a document can become a tenant, before the first row is written."""

import json
from collections.abc import Mapping
from typing import Any

from ..domain import delivery_plan
from ..domain.faults import Fault
from ..store import ids, row_check
from ..store.row_check import DocumentError
from ..store.rules import CARRIER
from ..store.tenant_rows import Tables
from .event_check import check_events

_COUNTED = {
    "account": "accounts",
    "message": "messages",
    "recipient": "recipients",
    "list": "lists",
    "response": "responses",
    "callback": "callbacks",
    "keyword": "keywords",
    "transaction": "transactions",
    "mail": "mails",
    "import": "imports",
    "rule": "rules",
    "traffic": "traffic",
    "failed-event": "failed_events",
}
"""The table whose ids each kind of counter counts."""


def check(rows: Mapping[str, Any]) -> Tables:
    """Return the rows if a tenant can be made of them. Raises DocumentError."""
    row_check.check_rows(rows)
    if len(rows["journals"]) != 1:
        raise DocumentError("tables.journals", "must have one row")
    _check_accounts(rows)
    _check_rules(rows)
    _check_counters(rows)
    _check_attempts(rows)
    check_events(rows)
    return rows


def _check_accounts(rows: Tables) -> None:
    """Raise unless the first account is the tenant's own, and every named account exists."""
    accounts = rows["accounts"]
    if not accounts:
        raise DocumentError("tables.accounts", "there is no account")
    ids_ = {row["id"] for row in accounts}
    keys: set[Any] = set()
    for index, row in enumerate(accounts):
        place = f"tables.accounts[{index}]"
        if row["key"] in keys:
            raise DocumentError(f"{place}.key", "another account has this key")
        keys.add(row["key"])
        own = row["id"] == min(map(_integer, ids_))
        if own != (row["parent"] is None) or (not own and row["parent"] not in ids_):
            raise DocumentError(
                f"{place}.parent", "must be null for the first account, and an account of this document for every other"
            )
    for table, of_table in rows.items():
        if table == "traffic":  # also has calls of unknown keys, and of accounts that were deleted
            continue
        for index, row in enumerate(of_table):
            account = row.get("account")
            if account is not None and account not in ids_:
                raise DocumentError(f"tables.{table}[{index}].account", f"there is no account {account}")


def _check_rules(rows: Tables) -> None:
    """Raise if a rule does what no rule of its kind can do."""
    for index, row in enumerate(rows["rules"]):
        what = json.loads(str(row["spec"]))["what"]
        try:
            if row["kind"] == CARRIER:
                delivery_plan.check_scenario(what["scenario"], what["options"])
            fits = row["kind"] == CARRIER or Fault(**what).on == row["kind"]
        except (TypeError, ValueError, LookupError, AttributeError):
            fits = False
        if not fits:
            raise DocumentError(f"tables.rules[{index}].spec", f"is not valid for a rule of the kind {row['kind']!r}")


def _check_counters(rows: Tables) -> None:
    """Raise if a counter would give an id that is taken."""
    counters = {row["kind"]: _integer(row["value"]) for row in rows["counters"]}
    for kind in counters:
        if kind not in ids.FIRST:
            raise DocumentError("tables.counters", f"there is no counter {kind!r}")
    for kind, table in _COUNTED.items():
        greatest = max((_integer(row["id"]) for row in rows[table]), default=None)
        if greatest is not None and counters.get(kind, ids.FIRST[kind]) <= greatest:
            raise DocumentError("tables.counters", f"the next {kind} would get an id that is taken")


def _check_attempts(rows: Tables) -> None:
    """Raise DocumentError if an attempt's number is above the attempts of its callback.

    The callback's next attempt would get the same number.
    """
    made = {row["id"]: _integer(row["attempts"]) for row in rows["callbacks"]}
    for index, row in enumerate(rows["attempts"]):
        place = f"tables.attempts[{index}]"
        if row["callback"] not in made:
            raise DocumentError(f"{place}.callback", f"there is no callback {row['callback']}")
        if not 1 <= _integer(row["number"]) <= made[row["callback"]]:
            raise DocumentError(f"{place}.number", f"the callback has {made[row['callback']]} attempts")


def _integer(value: Any) -> int:
    assert isinstance(value, int)
    return value
