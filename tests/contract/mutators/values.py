"""Mutators of keys and values."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sms_sandbox.api.render import Verbatim
from tests.contract.exchanges import Mutator
from tests.contract.mutators.combinators import Tree, change_successes, is_moment, objects


def drop_keys(*keys: str) -> Mutator:
    """Drop keys at any depth."""

    def change(tree: Tree) -> Tree:
        for object_ in objects(tree):
            for key in keys:
                object_.pop(key, None)
        return tree

    return change_successes(change)


def drop_nulls(tree: Tree) -> Tree:
    for object_ in objects(tree):
        for key in [key for key, value in object_.items() if value is None]:
            del object_[key]
    return tree


def null_for_empty_arrays(tree: Tree) -> Tree:
    for object_ in objects(tree):
        for key in [key for key, value in object_.items() if value == []]:
            object_[key] = None
    return tree


def move_error_first(tree: Tree) -> Tree:
    return {"error": tree.pop("error"), **tree}


def reverse_keys(tree: Tree) -> Tree:
    """Reverse the keys of all objects. The error block stays last."""
    match tree:
        case dict():
            reversed_tree = {key: reverse_keys(tree[key]) for key in reversed(tree) if key != "error"}
            return {**reversed_tree, "error": tree["error"]} if "error" in tree else reversed_tree
        case list():
            return [reverse_keys(item) for item in tree]
    return tree


def unescape(body: bytes) -> bytes:
    """Replace `\\u` escapes by their characters, surrogate pairs included."""
    text = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), body.decode())
    return text.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def quote(value: Any) -> Any:
    return Verbatim(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def as_yes_or_no(value: Any) -> Any:
    return {True: "yes", False: "no", "true": "yes", "false": "no"}.get(value, value) if value in (
        True, False, "true", "false") else value  # fmt: skip


def as_iso(_: str, value: Any) -> Any:
    return f"{value.replace(' ', 'T')}Z" if is_moment(value) else value


def in_local_time(_: str, value: Any) -> Any:
    return str(datetime.fromisoformat(value) + timedelta(hours=10)) if is_moment(value) else value


def four_decimals(value: Any) -> Any:
    return Verbatim(f"{Decimal(str(value)):.4f}") if value not in ("", None) else value


def double(value: Any) -> Any:
    return value * 2 if isinstance(value, int | float) else str(Decimal(value) * 2)


def increase(value: Any) -> Any:
    return int(value) + 1
