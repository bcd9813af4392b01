"""Where in a TOML or JSON text each thing stands, so that what is wrong with it can be pointed at.

The text is one that the parsers of the standard library took, which tell values and not places. So this scanner need
not judge: it only has to find keys, tables and items, and to pass over values.
"""

import json
import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""A way into a document: keys of tables, and numbers of items from 0 on."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_GAP = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_SCALAR = re.compile(r"[^,\]}\n#]+")


class RepeatedError(ValueError):
    """A key that stands twice in one object, which JSON's parser would take the last of."""

    def __init__(self, path: Path, line: int) -> None:
        self.path, self.line = path, line
        super().__init__(f"{path[-1]!r} stands there twice")


def of_toml(text: str) -> Mapping[Path, int]:
    """The line, counted from 1, of every key, table and item of a TOML text."""
    scanner = _Scanner(text)
    scanner.tables()
    return scanner.lines


def of_json(text: str) -> Mapping[Path, int]:
    """The same of a JSON text. Raises RepeatedError."""
    scanner = _Scanner(text, strict=True)
    scanner.skip(_BLANK)
    scanner.value(())
    return scanner.lines


class _Scanner:
    """Goes through a text once and notes the line of everything that has a name or a number."""

    def __init__(self, text: str, strict: bool = False) -> None:
        self._text = text
        self._strict = strict
        self._at = 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._lengths: dict[Path, int] = {}
        self.lines: dict[Path, int] = {(): 1}

    def skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        if found:
            self._at = found.end()

    def tables(self) -> None:
        """A whole TOML text."""
        inside: Path = ()
        self.skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                inside = self._header(2)
                number = self._lengths[inside] = self._lengths.get(inside, -1) + 1
                inside = (*inside, number)
                self._note(inside, self._at - 1)
            elif self._text[self._at] == "[":
                inside = self._header(1)
            else:
                self._pair(inside)
            self.skip(_BLANK)

    def _header(self, brackets: int) -> Path:
        began = self._at
        self._at += brackets
        keys = self._keys()
        self._at = self._text.index("]", self._at) + brackets
        path: Path = ()
        for index, key in enumerate(keys):
            path = (*path, key)
            self._note(path, began)
            if path in self._lengths and (brackets == 1 or index < len(keys) - 1):
                path = (*path, self._lengths[path])
        return path

    def _keys(self) -> list[str]:
        """A key with its dots."""
        keys = []
        while True:
            self.skip(_BLANK)
            quoted = _STRING.match(self._text, self._at)
            found = quoted or _BARE_KEY.match(self._text, self._at)
            assert found, "a text that was parsed has a key here"
            self._at = found.end()
            keys.append(self._plain(found[0]) if quoted else found[0])
            self.skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _plain(self, quoted: str) -> str:
        read: str = json.loads(quoted) if self._strict else tomllib.loads(f"key = {quoted}")["key"]
        return read

    def _pair(self, inside: Path) -> None:
        began = self._at
        path = inside
        for key in self._keys():
            path = (*path, key)
            if self._strict and path in self.lines:
                raise RepeatedError(path, self._line(began))
            self._note(path, began)
        self._at += 1  # the sign between a key and its value
        self.skip(_BLANK)
        self.value(path)

    def value(self, path: Path) -> None:
        """A value, and whatever is in it."""
        opening = self._text[self._at]
        if opening not in "[{":
            found = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            assert found, "a text that was parsed has a value here"
            self._at = found.end()
            return
        self._at += 1
        number = 0
        self.skip(_GAP)
        while self._text[self._at] not in "]}":
            if opening == "{":
                self._pair(path)
            else:
                self._note((*path, number), self._at)
                self.value((*path, number))
                number += 1
            self.skip(_GAP)
        self._at += 1

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, self._line(at))

    def _line(self, at: int) -> int:
        return bisect_left(self._ends, at) + 1
