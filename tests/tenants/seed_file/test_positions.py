"""Every key, table and item of a parsed text is found, and on the line it stands on."""

import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.tenants.seed_file.positions import Path, RepeatedError, of_json, of_toml

TEXT = """\
# A comment with [brackets] and "quotes"
title = "one # [no comment]"
'quoted key'.below = 1
[server]
ports = [
    80,  # a comment, with ]
    [443, 444],
]
many = \"\"\"
[not.a.table]
a "quote" \\\"\"\" \"\"\"
literal = '''
x = 1 '''
here = { a.b = 1, "c" = [{ d = 2 }] }
when = 2030-01-31 12:00:00Z

[[lists]]
name = "first"
[[lists.contacts]]
msisdn = "1"
[[lists.contacts]]
msisdn = "2"
[lists.more]
x = true
[[lists]]
contacts = [
    { msisdn = "3" },
    { msisdn = "4" },
]
[ a . "b.c" ]
x = 'y'
"""


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    yield here
    if isinstance(value, dict):
        for key, each in value.items():
            yield from paths(each, (*here, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from paths(each, (*here, number))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2), (("quoted key", "below"), 3), (("server",), 4), (("server", "ports"), 5),
        (("server", "ports", 0), 6), (("server", "ports", 1, 1), 7), (("server", "many"), 9),
        (("server", "literal"), 12), (("server", "here", "a", "b"), 14), (("server", "here", "c", 0, "d"), 14),
        (("server", "when"), 15), (("lists", 0), 17), (("lists", 0, "name"), 18), (("lists", 0, "contacts", 0), 19),
        (("lists", 0, "contacts", 1, "msisdn"), 22), (("lists", 0, "more", "x"), 24), (("lists", 1), 25),
        (("lists", 1, "contacts", 1, "msisdn"), 28), (("a", "b.c", "x"), 31),
    ],
)  # fmt: skip
def test_things_are_found_on_their_lines(path: Path, line: int) -> None:
    assert of_toml(TEXT)[path] == line
    assert of_toml(TEXT.replace("\n", "\r\n"))[path] == line


def test_all_there_is_is_found() -> None:
    assert set(paths(tomllib.loads(TEXT))) <= set(of_toml(TEXT))


SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=12),
)  # fmt: skip
KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=6)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3))
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


def inline(value: Any) -> str:
    """A value in TOML; a string of JSON is one of TOML, surrogate pairs apart."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)} = {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n# ] }\n".join(map(inline, value)) + "\n]"
    return json.dumps(value, ensure_ascii=not isinstance(value, str))


@given(DOCUMENTS)
def test_any_toml_is_gone_through(document: dict[str, Any]) -> None:
    text = "\n# [x]\n".join(f"{inline(key)} = {inline(value)}" for key, value in document.items())
    assert tomllib.loads(text) == document
    lines = of_toml(text)
    assert set(lines) == set(paths(document))
    for key in document:
        assert text.split("\n")[lines[(key,)] - 1].startswith(inline(key))


@given(DOCUMENTS, st.sampled_from([None, 1, 4]))
def test_any_json_is_gone_through(document: dict[str, Any], indent: int | None) -> None:
    text = json.dumps(document, indent=indent)
    lines = of_json(text)
    assert set(lines) == set(paths(document))
    if indent:
        for path, line in lines.items():
            if path and isinstance(path[-1], str):
                assert text.split("\n")[line - 1].strip().startswith(json.dumps(path[-1]))


def test_a_key_that_stands_twice_in_json_is_told() -> None:
    with pytest.raises(RepeatedError) as caught:
        of_json('{"a": {"b": 1,\n "c": 2,\n "b": 3}}')
    assert (caught.value.path, caught.value.line) == (("a", "b"), 3)
