"""Observed shapes: trees of keys and kinds without values, which are merged, compared and recorded.

A tree is a kind (`"int"`), several kinds (`"int|null"`), an object of trees (a key that is not always present ends in
`?`), an array of one tree, or an empty array. A name that a user chose is `*`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from .codes import is_documented
from .shape_check import KINDS, shape_problems
from .shapes import SHAPES, Either, Named, Shape
from .wire import Answer

Tree = Any
ObservedAnswers = dict[str, Tree]
"""Trees of a test's answers, by method, format, status and code."""

STALE_AFTER_DAYS = 180
"""Age of a stale recording, in days."""

KINDS_BY_PRECISION = (
    "null",
    "none",
    "true",
    "minute",
    "moment",
    "day",
    "standing",
    "bool",
    "int",
    "money",
    "word",
    "text",
)
"""Kinds from the most precise to the least. A value without a declared kind gets the first that fits."""


@dataclass(frozen=True)
class Difference:
    """A place where two trees differ, and what stands there on each side."""

    path: str
    left: str
    right: str


def tree_of(value: Any, shape: Shape | None, is_xml: bool, is_loose: bool = False) -> Tree:
    """Return the tree of a value. A loose tree says about nulls and missing keys only what the shape allows."""
    if isinstance(shape, Either):
        candidates = [option for option in shape.shapes if not any(shape_problems(value, option, is_xml))]
        # A value that fits no shape may still contain names that users chose.
        candidates += [option for option in shape.shapes if isinstance(option, Named) and isinstance(value, dict)]
        shape = candidates[0] if candidates else None
    if isinstance(value, dict):
        return _tree_of_keys(value, shape, is_xml, is_loose)
    if isinstance(value, list):
        inner = shape[0] if isinstance(shape, list) else None
        merged: Tree = None
        for item in value:
            merged = merge(merged, tree_of(item, inner, is_xml, is_loose))
        return [] if merged is None else [merged]
    return _kind_of(value, shape, is_xml, is_loose)


def _tree_of_keys(value: Mapping[str, Any], shape: Shape | None, is_xml: bool, is_loose: bool) -> Tree:
    if isinstance(shape, Named):
        merged: Tree = None
        for item in value.values():
            merged = merge(merged, tree_of(item, shape.values, is_xml, is_loose))
        return {"*": merged}
    declared = {
        key.removesuffix("?"): (key, inner) for key, inner in (shape if isinstance(shape, dict) else {}).items()
    }
    tree = {}
    for key, item in value.items():
        name, inner = declared.get(key, (key, None))
        tree[_key_of(key, name, is_loose)] = tree_of(item, inner, is_xml, is_loose)
    return tree


def _key_of(key: str, declared: str, is_loose: bool) -> str:
    """Return a key for a tree. A key that does not look like the API's may be a user's, and becomes `?`."""
    if declared.endswith("?") and is_loose:
        return declared
    return key if re.fullmatch(r"[a-z]+([A-Z][a-z]+)?([_-][a-z]+)*(_?[0-9]{1,2})?", key) else "?"


def _kind_of(value: Any, shape: Shape | None, is_xml: bool, is_loose: bool) -> str:
    kinds = shape.split("|") if isinstance(shape, str) else []
    if is_loose and isinstance(shape, str) and not any(shape_problems(value, shape, is_xml)):
        return shape
    if isinstance(shape, tuple) and value in shape:
        return "/".join(str(word).strip() for word in shape) if is_loose else str(value).strip()
    for kind in [*sorted(kinds, key=KINDS_BY_PRECISION.index), *([] if is_xml else KINDS_BY_PRECISION)]:
        _, fits_json, fits_xml = KINDS[kind]
        if (fits_xml if is_xml else fits_json)(value):
            return kind
    return "text" if is_xml else type(value).__name__


def merge(one: Tree, other: Tree) -> Tree:
    """Return a tree that covers both trees."""
    if one is None or one == other:
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return _merge_keys(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return [merge(one[0], other[0])] if one and other else one or other
    if isinstance(one, str) and isinstance(other, str):
        return "|".join(sorted({*one.split("|"), *other.split("|")}))
    return one if isinstance(one, dict) else other


def _merge_keys(one: Mapping[str, Tree], other: Mapping[str, Tree]) -> Tree:
    keys = {key.removesuffix("?"): key for key in one}
    other_keys = {key.removesuffix("?"): key for key in other}
    order = list(keys)
    for index, key in enumerate(other_keys):
        if key not in keys:
            before = list(other_keys)[index - 1] if index else None
            order.insert(order.index(before) + 1 if before in order else len(order) if index else 0, key)
    merged = {}
    for key in order:
        names = [(tree, mapped[key]) for tree, mapped in ((one, keys), (other, other_keys)) if key in mapped]
        is_always = len(names) == 2 and not any(name.endswith("?") for _, name in names)
        merged[key if is_always else f"{key}?"] = merge(names[0][0][names[0][1]], names[-1][0][names[-1][1]])
    return merged


def differences(left: Tree, right: Tree, path: str = "") -> Iterator[Difference]:
    """Yield the places where two trees contradict each other."""
    if isinstance(left, dict) and isinstance(right, dict):
        yield from _differences_of_keys(left, right, path)
    elif isinstance(left, list) and isinstance(right, list):
        if left and right:
            yield from differences(left[0], right[0], f"{path}[]")
    elif isinstance(left, str) and isinstance(right, str):
        if not {*left.split("|")} & {*right.split("|")}:
            yield Difference(path or ".", left, right)
    elif left != right:
        yield Difference(path or ".", _describe(left), _describe(right))


def _differences_of_keys(left: Mapping[str, Tree], right: Mapping[str, Tree], path: str) -> Iterator[Difference]:
    left_keys = {key.removesuffix("?"): key for key in left}
    right_keys = {key.removesuffix("?"): key for key in right}
    for key, marked_key in left_keys.items():
        if key in right_keys:
            yield from differences(left[marked_key], right[right_keys[key]], f"{path}.{key}")
        elif not marked_key.endswith("?"):
            yield Difference(f"{path}.{key}", _describe(left[marked_key]), "missing")
    for key, marked_key in right_keys.items():
        if key not in left_keys and not marked_key.endswith("?"):
            yield Difference(f"{path}.{key}", "missing", _describe(right[marked_key]))
    common = [key for key in left_keys if key in right_keys]
    if common != [key for key in right_keys if key in left_keys]:
        yield Difference(path or ".", f"keys {', '.join(left_keys)}", f"keys {', '.join(right_keys)}")


def _describe(tree: Tree) -> str:
    if isinstance(tree, dict):
        return "object"
    return tree if isinstance(tree, str) else "array" if tree else "empty array"


@dataclass
class ShapeObserver:
    """Keeps the trees of all checked answers, by test."""

    observed: dict[str, ObservedAnswers] = field(default_factory=dict)
    test: str | None = None
    is_loose: bool = False

    def begin(self, test: str, is_loose: bool) -> None:
        """Begin a test. A loose test reads things that were in the account before."""
        self.test, self.is_loose = test, is_loose
        self.observed.pop(test, None)

    def end(self) -> ObservedAnswers:
        """End the test, and return what it observed."""
        observed = self.observed.get(self.test or "", {})
        self.test = None
        return observed

    def observe(self, answer: Answer) -> None:
        """Keep the tree of a readable answer, even if its shape is wrong."""
        if self.test is None or not answer.code:
            return
        body = dict(answer.tree)
        error = body.pop("error")
        tree = tree_of(body, SHAPES.get(answer.method, {}), answer.is_xml, self.is_loose)
        if error["code"] != "SUCCESS":
            description = error.get("description")
            known = is_documented(error["code"], description)
            tree["error.description"] = "documented" if known else tree_of(description, None, answer.is_xml)
        observed = self.observed.setdefault(self.test, {})
        name = f"{answer.method}.{answer.format} {answer.status} {error['code']}"
        observed[name] = merge(observed.get(name), tree)


def answer_differences(left: Mapping[str, Tree], right: Mapping[str, Tree]) -> Iterator[tuple[str, Difference]]:
    """Yield the contradictions between two runs of a test, with the answer's name."""
    for answer in [*left, *(name for name in right if name not in left)]:
        if answer not in left or answer not in right:
            yield answer, Difference(".", _presence(answer in left), _presence(answer in right))
        else:
            yield from ((answer, difference) for difference in differences(left[answer], right[answer]))


def _presence(is_present: bool) -> str:
    return "seen" if is_present else "never seen"


@dataclass(frozen=True)
class Recordings:
    """Recorded shapes of the real endpoint's answers, a file per test."""

    folder: Path

    def file(self, test: str) -> Path:
        """Return the path of a test's recording."""
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_.=-]+', '-', test).strip('-')}.json"

    def read(self, test: str) -> tuple[date, ObservedAnswers] | None:
        """Return the date and trees of a recording, or None if there is none."""
        file = self.file(test)
        if not file.exists():
            return None
        recording = json.loads(file.read_text())
        return date.fromisoformat(recording["date"]), recording["answers"]

    def write(self, test: str, observed: ObservedAnswers, today: date) -> None:
        """Record what a test observed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        methods = sorted({answer.partition(".")[0] for answer in observed})
        recording = {"test": test, "date": today.isoformat(), "methods": methods, "answers": observed}
        self.file(test).write_text(json.dumps(recording, indent=1) + "\n")
