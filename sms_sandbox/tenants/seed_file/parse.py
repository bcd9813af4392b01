"""The parser of seed files. An error names the file and the path of the value, as in `lists[2].contacts[0].msisdn`."""

import json
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.inspect import StructType, type_info

from ...control.declare import explain_patterns
from ...control.errors import ControlError
from . import SeedError, schema
from .schema import Handset, Seed

_MAX_FILE_BYTES = 16 << 20


class SeedFile(Struct, frozen=True):
    """A parsed seed file and its name."""

    name: str
    seed: Seed

    def error(self, path: str, message: str) -> SeedError:
        """Build the error about the value at a path; the empty path is the whole file."""
        return _error(self.name, path, message)


def read_seed_file(file: str) -> SeedFile:
    """Read, parse and check a seed file. Raises SeedError."""
    name = Path(file).name
    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        raise SeedError(f"The seed file {file} cannot be read: {error.strerror or error}") from error
    if len(raw) > _MAX_FILE_BYTES:
        raise SeedError(f"The seed file {file} has more than {_MAX_FILE_BYTES} bytes")
    value = _parse(name, raw, is_json=file.endswith(".json"))
    try:
        return SeedFile(name, msgspec.convert(value, Seed, dec_hook=_convert_handset))
    except ControlError as error:
        raise _error(name, "", error.message.removesuffix(".")) from error
    except msgspec.ValidationError as error:
        raise _schema_error(name, str(error)) from error


def _error(name: str, path: str, message: str) -> SeedError:
    return SeedError(f"{name}: {path}: {message}" if path else f"{name}: {message}")


def _parse(name: str, raw: bytes, is_json: bool) -> Any:
    try:
        text = raw.decode("utf-8-sig")
        return _parse_json(text) if is_json else tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SeedError(f"{name}: not valid UTF-8 (at line {line})") from error
    except tomllib.TOMLDecodeError as error:
        raise SeedError(f"{name}: not valid TOML: {error}") from error
    except json.JSONDecodeError as error:
        raise SeedError(f"{name}: not valid JSON: {error}") from error
    except (RecursionError, ValueError) as error:
        raise SeedError(f"{name}: cannot be parsed: {error}") from error


def _parse_json(text: str) -> Any:
    value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated_keys)
    json.dumps(value, ensure_ascii=False).encode()  # raises for lone surrogates, which no database can store
    return value


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not valid JSON")


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, whose keys must differ. Python's parser would silently keep the last of two equal keys."""
    value: dict[str, Any] = {}
    for key, member in pairs:
        if key in value:
            raise ValueError(f"the key {key[:40]!r} appears twice in one object")
        value[key] = member
    return value


def _convert_handset(kind: type, value: Any) -> Any:
    """Convert the number of a handset, which people write in many ways."""
    if kind is not Handset:
        raise NotImplementedError(kind)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError("Expected the number of a handset")
    return Handset(schema.msisdn(str(value)))


def _schema_error(name: str, complaint: str) -> SeedError:
    """Put msgspec's complaint about the first wrong value into the words of a seed file."""
    message, _, path = complaint.partition(" - at `$")
    path = path.removesuffix("`").removeprefix(".")
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", message)
    if unknown:
        key = unknown[1]
        similar = get_close_matches(key, _known_keys(path), 1)
        hint = f"; did you mean {similar[0]}?" if similar else ""
        return _error(name, f"{path}.{key}" if path else key, f"there is no such key{hint}")
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing:
        return _error(name, path, f"{missing[1]} is missing")
    return _error(name, path, explain_patterns(message).replace(" | null", ""))


def _known_keys(path: str) -> list[str]:
    """Return the keys that the schema has for the object at a path."""
    kind: Any = type_info(Seed)
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        if index:
            kind = kind.item_type
        else:
            kind = next(field.type for field in kind.fields if field.encode_name == key)
            kind = next((option for option in getattr(kind, "types", ()) if isinstance(option, StructType)), kind)
    return [field.encode_name for field in kind.fields] if isinstance(kind, StructType) else []
