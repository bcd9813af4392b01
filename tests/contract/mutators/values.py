"""Ways to be wrong about keys and values."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sms_sandbox.api.render import Verbatim
from tests.contract.exchanges import Spoil
from tests.contract.mutators.combinators import Tree, is_moment, objects, successes


def without_key(*keys: str) -> Spoil:
    """Leave keys out, wherever they are."""

    def change(tree: Tree) -> Tree:
        for each in objects(tree):
            for key in keys:
                each.pop(key, None)
        return tree

    return successes(change)


def without_nulls(tree: Tree) -> Tree:
    for each in objects(tree):
        for key in [key for key, value in each.items() if value is None]:
            del each[key]
    return tree


def without_arrays(tree: Tree) -> Tree:
    for each in objects(tree):
        for key in [key for key, value in each.items() if value == []]:
            each[key] = None
    return tree


def error_first(tree: Tree) -> Tree:
    return {"error": tree.pop("error"), **tree}


def backwards(tree: Tree) -> Tree:
    """The keys of every object in the opposite order, the error block's place kept."""
    match tree:
        case dict():
            turned = {key: backwards(tree[key]) for key in reversed(tree)}
            return {**{key: value for key, value in turned.items() if key != "error"}, "error": tree["error"]} if (
                "error" in tree) else turned  # fmt: skip
        case list():
            return [backwards(each) for each in tree]
    return tree


def unescaped(body: bytes) -> bytes:
    """Characters beyond ASCII as they are, but for halves of pairs."""
    written = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), body.decode())
    return written.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def quoted(value: Any) -> Any:
    return Verbatim(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def as_word(value: Any) -> Any:
    return {True: "yes", False: "no", "true": "yes", "false": "no"}.get(value, value) if value in (
        True, False, "true", "false") else value  # fmt: skip


def iso(_: str, value: Any) -> Any:
    return f"{value.replace(' ', 'T')}Z" if is_moment(value) else value


def in_local_time(_: str, value: Any) -> Any:
    return str(datetime.fromisoformat(value) + timedelta(hours=10)) if is_moment(value) else value


def four_decimals(value: Any) -> Any:
    return Verbatim(f"{Decimal(str(value)):.4f}") if value not in ("", None) else value


def doubled(value: Any) -> Any:
    return value * 2 if isinstance(value, int | float) else str(Decimal(value) * 2)


def one_more(value: Any) -> Any:
    return int(value) + 1
