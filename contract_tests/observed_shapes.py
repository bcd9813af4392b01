"""Shapes as they were seen: trees of keys and kinds without any value, how they are merged, compared and kept.

A tree is a word (`"int"`), several of them (`"int|null"`), an object of trees whose keys end in `?` where they are not
always there, an array of one tree, or an empty array. Names that users chose are `*`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from .codes import is_documented
from .shape_check import KINDS, misfits
from .shapes import SHAPES, Either, Named, Shape
from .wire import Reply

Tree = Any
Seen = dict[str, Tree]
"""Trees of the answers of one test, by method, format, status and code."""

STALE = 180
"""Days after which a recording is to be made again."""

PRECISE = ("null", "none", "true", "minute", "moment", "day", "standing", "bool", "int", "money", "word", "text")
"""Kinds in the order in which a value is tried for what it is, where its shape does not say."""


@dataclass(frozen=True)
class Difference:
    """Where two trees differ."""

    at: str
    this: str
    that: str


def tree_of(value: Any, shape: Shape | None, is_xml: bool, is_loose: bool = False) -> Tree:
    """The tree of a value. A loose one tells of nulls and missing keys only what the shape already does."""
    if isinstance(shape, Either):
        fits = [each for each in shape.shapes if not any(misfits(value, each, is_xml))]
        # What fits none may still hold names that users chose.
        fits += [each for each in shape.shapes if isinstance(each, Named) and isinstance(value, dict)]
        shape = fits[0] if fits else None
    if isinstance(value, dict):
        return _tree_of_keys(value, shape, is_xml, is_loose)
    if isinstance(value, list):
        inner = shape[0] if isinstance(shape, list) else None
        merged: Tree = None
        for each in value:
            merged = merge(merged, tree_of(each, inner, is_xml, is_loose))
        return [] if merged is None else [merged]
    return _word_of(value, shape, is_xml, is_loose)


def _tree_of_keys(value: Mapping[str, Any], shape: Shape | None, is_xml: bool, is_loose: bool) -> Tree:
    if isinstance(shape, Named):
        merged: Tree = None
        for each in value.values():
            merged = merge(merged, tree_of(each, shape.values, is_xml, is_loose))
        return {"*": merged}
    declared = {
        key.removesuffix("?"): (key, inner) for key, inner in (shape if isinstance(shape, dict) else {}).items()
    }
    found = {}
    for key, each in value.items():
        name, inner = declared.get(key, (key, None))
        found[_named(key, name, is_loose)] = tree_of(each, inner, is_xml, is_loose)
    return found


def _named(key: str, declared: str, is_loose: bool) -> str:
    """A key that is declared or looks like one of the API's own, as it is; any other may be a user's, and is `?`."""
    if declared.endswith("?") and is_loose:
        return declared
    return key if re.fullmatch(r"[a-z]+([A-Z][a-z]+)?([_-][a-z]+)*(_?[0-9]{1,2})?", key) else "?"


def _word_of(value: Any, shape: Shape | None, is_xml: bool, is_loose: bool) -> str:
    kinds = shape.split("|") if isinstance(shape, str) else []
    if is_loose and isinstance(shape, str) and not any(misfits(value, shape, is_xml)):
        return shape
    if isinstance(shape, tuple) and value in shape:
        return "/".join(str(each).strip() for each in shape) if is_loose else str(value).strip()
    for kind in [*sorted(kinds, key=PRECISE.index), *([] if is_xml else PRECISE)]:
        _, of_json, of_text = KINDS[kind]
        if (of_text if is_xml else of_json)(value):
            return kind
    return "text" if is_xml else type(value).__name__


def merge(one: Tree, other: Tree) -> Tree:
    """What two trees together show."""
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
    mine = {key.removesuffix("?"): key for key in one}
    theirs = {key.removesuffix("?"): key for key in other}
    order = list(mine)
    for index, key in enumerate(theirs):
        if key not in mine:
            before = list(theirs)[index - 1] if index else None
            order.insert(order.index(before) + 1 if before in order else len(order) if index else 0, key)
    found = {}
    for key in order:
        names = [(tree, mapped[key]) for tree, mapped in ((one, mine), (other, theirs)) if key in mapped]
        is_always = len(names) == 2 and not any(name.endswith("?") for _, name in names)
        found[key if is_always else f"{key}?"] = merge(names[0][0][names[0][1]], names[-1][0][names[-1][1]])
    return found


def differences(this: Tree, that: Tree, at: str = "") -> Iterator[Difference]:
    """Where two trees say what can't both be so."""
    if isinstance(this, dict) and isinstance(that, dict):
        yield from _differences_of_keys(this, that, at)
    elif isinstance(this, list) and isinstance(that, list):
        if this and that:
            yield from differences(this[0], that[0], f"{at}[]")
    elif isinstance(this, str) and isinstance(that, str):
        if not {*this.split("|")} & {*that.split("|")}:
            yield Difference(at or ".", this, that)
    elif this != that:
        yield Difference(at or ".", _kind(this), _kind(that))


def _differences_of_keys(this: Mapping[str, Tree], that: Mapping[str, Tree], at: str) -> Iterator[Difference]:
    mine = {key.removesuffix("?"): key for key in this}
    theirs = {key.removesuffix("?"): key for key in that}
    for key, written in mine.items():
        if key in theirs:
            yield from differences(this[written], that[theirs[key]], f"{at}.{key}")
        elif not written.endswith("?"):
            yield Difference(f"{at}.{key}", _kind(this[written]), "missing")
    for key, written in theirs.items():
        if key not in mine and not written.endswith("?"):
            yield Difference(f"{at}.{key}", "missing", _kind(that[written]))
    both = [key for key in mine if key in theirs]
    if both != [key for key in theirs if key in mine]:
        yield Difference(at or ".", f"keys {', '.join(mine)}", f"keys {', '.join(theirs)}")


def _kind(tree: Tree) -> str:
    if isinstance(tree, dict):
        return "object"
    return tree if isinstance(tree, str) else "array" if tree else "empty array"


@dataclass
class Watch:
    """Sees every answer that was checked, and keeps its tree for the test it belongs to."""

    seen: dict[str, Seen] = field(default_factory=dict)
    test: str | None = None
    is_loose: bool = False

    def begin(self, test: str, is_loose: bool) -> None:
        """A test begins. A loose one reads what others made."""
        self.test, self.is_loose = test, is_loose
        self.seen.pop(test, None)

    def end(self) -> Seen:
        """What the test saw."""
        found = self.seen.get(self.test or "", {})
        self.test = None
        return found

    def saw(self, reply: Reply) -> None:
        """Keep an answer's tree, whether or not it is of its shape, if it can be read at all."""
        if self.test is None or not reply.code:
            return
        body = dict(reply.tree)
        error = body.pop("error")
        tree = tree_of(body, SHAPES.get(reply.method, {}), reply.is_xml, self.is_loose)
        if error["code"] != "SUCCESS":
            description = error.get("description")
            known = is_documented(error["code"], description)
            tree["error.description"] = "documented" if known else tree_of(description, None, reply.is_xml)
        seen = self.seen.setdefault(self.test, {})
        at = f"{reply.method}.{reply.format} {reply.status} {error['code']}"
        seen[at] = merge(seen.get(at), tree)


def unlike(this: Mapping[str, Tree], that: Mapping[str, Tree]) -> Iterator[tuple[str, Difference]]:
    """Where two runs of one test saw what can't both be so, with the answer it is in."""
    for at in [*this, *(each for each in that if each not in this)]:
        if at not in this or at not in that:
            yield at, Difference(".", "seen" if at in this else "never seen", "seen" if at in that else "never seen")
        else:
            yield from ((at, each) for each in differences(this[at], that[at]))


@dataclass(frozen=True)
class Recordings:
    """What the real endpoint was seen to answer, a file for each test."""

    folder: Path

    def file(self, test: str) -> Path:
        """Where a test's recording is kept."""
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_.=-]+', '-', test).strip('-')}.json"

    def read(self, test: str) -> tuple[date, Seen] | None:
        """The day of a test's recording, and what was seen; None if there is none."""
        file = self.file(test)
        if not file.exists():
            return None
        found = json.loads(file.read_text())
        return date.fromisoformat(found["date"]), found["answers"]

    def write(self, test: str, seen: Seen, today: date) -> None:
        """Keep what a test saw."""
        self.folder.mkdir(parents=True, exist_ok=True)
        methods = sorted({at.partition(".")[0] for at in seen})
        kept = {"test": test, "date": today.isoformat(), "methods": methods, "answers": seen}
        self.file(test).write_text(json.dumps(kept, indent=1) + "\n")
