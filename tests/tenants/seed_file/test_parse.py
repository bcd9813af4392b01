"""Seed files are read strictly, and every complaint names the line, the path, and what is wrong."""

import json
from pathlib import Path

import pytest

from sms_sandbox.tenants.seed_file import SeedError
from sms_sandbox.tenants.seed_file.parse import read

EXAMPLE = Path(__file__).parents[3] / "docs" / "seed.toml"

LISTS = """\
[[lists]]
name = "One"
[[lists]]
name = "Two"
[[lists]]
name = "Three"
[[lists.contacts]]
"""


def test_the_example_in_the_documents_is_good() -> None:
    seed = read(str(EXAMPLE)).seed
    assert [each.msisdn for each in seed.lists[0].contacts] == ["61491570156", "61491570157"]
    assert all(getattr(seed, kind) for kind in seed.__struct_fields__)


def test_json_says_the_same(tmp_path: Path) -> None:
    import tomllib

    file = tmp_path / "seed.json"
    file.write_text(json.dumps(tomllib.loads(EXAMPLE.read_text()), indent=2))
    assert read(str(file)).seed == read(str(EXAMPLE)).seed


NUMBER = "[[numbers]]\nnumber='61491570120'\n"
KEYWORD = "[[keywords]]\nkeyword='A'\nnumber='61491570120'\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f'{LISTS}msisdn = "abc"', 'seed.toml:8: lists[2].contacts[0].msisdn: "abc" is no number'),
        (f"{LISTS}msisdn = true", "seed.toml:8: lists[2].contacts[0].msisdn: Expected a number of a handset"),
        (f'{LISTS}msisdm = "1"', "seed.toml:8: lists[2].contacts[0].msisdm: there is no such key; did you mean msisdn"),
        (LISTS, "seed.toml:7: lists[2].contacts[0]: msisdn is missing"),
        ("\n\nlist = []", "seed.toml:3: list: there is no such key; did you mean lists?"),
        ("xyzzy = 1", "seed.toml:1: xyzzy: there is no such key"),
        ("[[lists]]\nname = 5", "seed.toml:2: lists[0].name: Expected `str`, got `int`"),
        ("lists = [\n {name='A'},\n {name='B', fields=[1]}]", "seed.toml:3: lists[1].fields"),
        ("a = 1\nb = = 2", "seed.toml:2: this is no TOML: Invalid value"),
        ("a = 1\nb = [1,\n", "seed.toml:3: this is no TOML: "),
        ("a = 1\na = 2", "seed.toml:2: this is no TOML: "),
        ("[[accounts]]\nkey='k:k'\nsecret='s'", "seed.toml:2: accounts[0].key: Expected `str`"),
        ("[[accounts]]\nkey='k'\nsecret='s'\nbalance='much'", "seed.toml:4: accounts[0].balance: Expected `float`"),
        ("[[accounts]]\nkey='k'\nsecret='s'\ndlr_url='x'", 'seed.toml:1: accounts[0]: "x" is no http or https address'),
        ("[[keywords]]\nkeyword='STOP'\nnumber='61491570120'", 'seed.toml:1: keywords[0]: "STOP" can be no keyword'),
        (f"{NUMBER}welcome_message='{'x' * 613}'", f'seed.toml:1: numbers[0]: "{"x" * 40}…" has more than 4 parts'),
        (f"{KEYWORD}members_message='{'я' * 269}'", f'seed.toml:1: keywords[0]: "{"я" * 40}…" has more than 4 parts'),
        ("[[sender_ids]]\nword='61491570120'", 'seed.toml:1: sender_ids[0]: "61491570120" can be no sender ID'),
        ("[[faults]]\nstatus=200", "seed.toml:2: faults[0].status: Invalid enum value 200"),
        ("[[lists]]\nname='A'\ncontacts=[{msisdn='61491570156', fields={X='y'}}]", "seed.toml:1: lists[0]: "),
    ],
)  # fmt: skip
def test_complaints_point_at_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(text)
    with pytest.raises(SeedError) as caught:
        read(str(file))
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{\n"lists": [\n{"name": 5}]}', "seed.json:3: lists[0].name: Expected `str`, got `int`"),
        ('{"lists": [],\n "lists": []}', "seed.json:2: lists: this key stands there twice"),
        ('{\n"a": 1,}', "seed.json:2: this is no JSON: "),
        ('{"lists": [{"name": "\\ud800"}]}', "seed.json:1: this can't be read: 'utf-8' codec can't encode character"),
        ("[]", "seed.json:1: Expected `object`, got `array`"),
        ('{"a": NaN}', "seed.json:1: this can't be read: NaN is no JSON"),
        ("[" * 100_000, "seed.json:1: this can't be read: "),
    ],
)
def test_complaints_about_json_do_too(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(text)
    with pytest.raises(SeedError) as caught:
        read(str(file))
    assert str(caught.value).startswith(complaint)


def test_a_file_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    with pytest.raises(SeedError, match=r"can't be read: No such file"):
        read(str(file))
    file.write_bytes(b"a = 1\n\xff")
    with pytest.raises(SeedError, match=r"seed\.toml:2: this is no text in UTF-8"):
        read(str(file))
