"""A tenant's rows with something of every kind of event, and changes of them."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

from sms_sandbox.store.tenant_rows import DOCUMENT_TABLES, columns_of
from sms_sandbox.store.timeline import KINDS

Rows = dict[str, list[dict[str, Any]]]

_INTEGERS = st.sampled_from([-(2**53), -61491570156, -1, 0, 1, 2, 7, 340000001, 61491570156, 2**40, 2**53])
_TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "x", "delivered", "pending", "61491570156", "-5", "http://[", "http://localhost:99999/x", "sent",
         "http://localhost/a b", "active", "\ud7ff", "é" * 20, "[tracked-link] [unsub-reply-link]"]
    ),
    st.text(max_size=8),
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _INTEGERS, st.floats(allow_nan=False), _TEXTS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
    max_leaves=4,
)


def with_random_changes(rows: Rows, data: st.DataObject) -> tuple[Rows, list[str]]:
    """Return rows with a few values changed, and the changes in words. Timeline and callbacks change most."""
    changed, changes = copy.deepcopy(rows), list[str]()
    tables = [table.name for table in DOCUMENT_TABLES if changed.get(table.name)]
    weighted = [*tables, *(["timeline"] * 12), *(["callbacks", "attempts", "messages", "recipients", "numbers"] * 3)]
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from([each for each in weighted if changed.get(each)]))
        row = changed[name][data.draw(st.integers(0, len(changed[name]) - 1))]
        column = data.draw(st.sampled_from(sorted(row)))
        row[column] = data.draw(_value_for(name, column, row[column]))
        changes.append(f"{name}.{column} = {row[column]!r} in {row}")
    return changed, changes


def _value_for(table: str, column: str, value: Any) -> st.SearchStrategy[Any]:
    """Return values that the column can hold, mostly."""
    if table == "timeline" and column == "kind":
        return st.sampled_from(sorted(KINDS))
    if isinstance(value, str) and value.startswith("{"):
        keys = st.sampled_from(sorted(json.loads(value)) or ["size"])
        return st.builds(lambda key, new: json.dumps({**json.loads(value), key: new}), keys, _JSON) | st.builds(
            lambda key: json.dumps({name: each for name, each in json.loads(value).items() if name != key}), keys
        )
    columns = {each.name: each for each in columns_of(next(each for each in DOCUMENT_TABLES if each.name == table))}
    values: st.SearchStrategy[Any] = _TEXTS if isinstance(value, str) else _INTEGERS
    return st.none() | values if columns[column].nullable else values
