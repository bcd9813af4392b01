"""A seed file read: its text to its shape, every complaint with the line it is about."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path as File
from typing import Any

import msgspec
from msgspec.inspect import StructType, type_info

from ...control.declare import in_words
from ...control.errors import ControlError
from . import SeedError, positions, schema
from .positions import Path, RepeatedError
from .schema import Handset, Seed

LARGEST = 16 << 20
"""Bytes."""


@dataclass(frozen=True)
class SeedFile:
    """What a file says, and on which line each thing of it stands."""

    name: str
    seed: Seed
    lines: Mapping[Path, int]

    def error(self, path: Path, what: str) -> SeedError:
        """What is wrong with a thing in the file."""
        return complaint(self.name, self.lines, path, what)


def complaint(name: str, lines: Mapping[Path, int], path: Path, what: str) -> SeedError:
    there = path
    while there not in lines:
        there = there[:-1]
    where = f"{spelled(path)}: " if path else ""
    return SeedError(f"{name}:{lines[there]}: {where}{what}")


def spelled(path: Path) -> str:
    """A path as it is written: `lists[2].contacts[0].msisdn`."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")


def read(file: str) -> SeedFile:
    """What a seed file says. Raises SeedError."""
    name = File(file).name
    try:
        raw = File(file).read_bytes()
    except OSError as why:
        raise SeedError(f"The seed file {file} can't be read: {why.strerror or why}") from why
    if len(raw) > LARGEST:
        raise SeedError(f"The seed file {file} has more than {LARGEST} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        line = raw.count(b"\n", 0, why.start) + 1
        raise SeedError(f"{name}:{line}: this is no text in UTF-8") from why
    value, lines = parsed(name, text, is_json=file.endswith(".json"))
    try:
        return SeedFile(name, msgspec.convert(value, Seed, dec_hook=hook), lines)
    except ControlError as why:
        raise complaint(name, lines, (), why.message.removesuffix(".")) from why
    except msgspec.ValidationError as why:
        raise found_fault(name, lines, str(why)) from why


def parsed(name: str, text: str, is_json: bool) -> tuple[Any, Mapping[Path, int]]:
    """The value of a text, and where everything in it stands."""
    try:
        if is_json:
            value = json.loads(text, parse_constant=no_number)
            json.dumps(value, ensure_ascii=False).encode()  # halves of characters are no text, and no database has them
            return value, positions.of_json(text)
        return tomllib.loads(text), positions.of_toml(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as why:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(why))
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        raise SeedError(f"{name}:{line}: this is no TOML: {str(why)[: at.start()] if at else why}") from why
    except json.JSONDecodeError as why:
        raise SeedError(f"{name}:{why.lineno}: this is no JSON: {why.msg}") from why
    except RepeatedError as why:
        raise SeedError(f"{name}:{why.line}: {spelled(why.path)}: this key stands there twice") from why
    except (RecursionError, ValueError) as why:
        raise SeedError(f"{name}:1: this can't be read: {why}") from why


def no_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def hook(kind: type, value: Any) -> Any:
    """Numbers of handsets, which are written in many ways."""
    if kind is not Handset:
        raise NotImplementedError(kind)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError("Expected a number of a handset")
    return Handset(schema.msisdn(str(value)))


def found_fault(name: str, lines: Mapping[Path, int], message: str) -> SeedError:
    """The first complaint about the shape, in the file's own terms."""
    what, _, at = message.partition(" - at `$")
    path = tuple(steps(at.removesuffix("`")))
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", what)
    if unknown:
        near = get_close_matches(unknown[1], keys_at(path), 1)
        did_you_mean = f"; did you mean {near[0]}?" if near else ""
        return complaint(name, lines, (*path, unknown[1]), f"there is no such key{did_you_mean}")
    missing = re.fullmatch(r"Object missing required field `(.*)`", what)
    if missing:
        return complaint(name, lines, path, f"{missing[1]} is missing")
    return complaint(name, lines, path, in_words(what).replace(" | null", ""))


def steps(written: str) -> Iterator[str | int]:
    """The steps of a path as msgspec writes it."""
    for key, number in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", written):
        yield int(number) if number else key


def keys_at(path: Path) -> list[str]:
    """The keys that may stand where a path leads, for slips."""
    kind: Any = type_info(Seed)
    for step in path:
        if isinstance(step, int):
            kind = kind.item_type
        else:
            kind = next(each.type for each in kind.fields if each.encode_name == step)
            kind = next((each for each in getattr(kind, "types", ()) if isinstance(each, StructType)), kind)
    return [each.encode_name for each in kind.fields] if isinstance(kind, StructType) else []
