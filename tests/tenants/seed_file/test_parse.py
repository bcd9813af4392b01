"""Seed files are checked strictly. An error names the file, the path and the problem."""

import json
from pathlib import Path

import pytest

from sms_sandbox.tenants.seed_file import SeedError
from sms_sandbox.tenants.seed_file.parse import read_seed_file

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


def test_the_example_in_the_docs_is_valid() -> None:
    seed = read_seed_file(str(EXAMPLE)).seed
    assert [contact.msisdn for contact in seed.lists[0].contacts] == ["61491570156", "61491570157"]
    assert all(getattr(seed, kind) for kind in seed.__struct_fields__)


def test_json_gives_the_same_seed(tmp_path: Path) -> None:
    import tomllib

    file = tmp_path / "seed.json"
    file.write_text(json.dumps(tomllib.loads(EXAMPLE.read_text()), indent=2))
    assert read_seed_file(str(file)).seed == read_seed_file(str(EXAMPLE)).seed


NUMBER = "[[numbers]]\nnumber='61491570120'\n"
KEYWORD = "[[keywords]]\nkeyword='A'\nnumber='61491570120'\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f'{LISTS}msisdn = "abc"', 'seed.toml: lists[2].contacts[0].msisdn: "abc" is not a phone number'),
        (f"{LISTS}msisdn = true", "seed.toml: lists[2].contacts[0].msisdn: Expected the number of a handset"),
        (f'{LISTS}msisdm = "1"', "seed.toml: lists[2].contacts[0].msisdm: there is no such key; did you mean msisdn"),
        (LISTS, "seed.toml: lists[2].contacts[0]: msisdn is missing"),
        ("\n\nlist = []", "seed.toml: list: there is no such key; did you mean lists?"),
        ("xyzzy = 1", "seed.toml: xyzzy: there is no such key"),
        ("[[lists]]\nname = 5", "seed.toml: lists[0].name: Expected `str`, got `int`"),
        ("lists = [\n {name='A'},\n {name='B', fields=[1]}]", "seed.toml: lists[1].fields"),
        ("a = 1\nb = = 2", "seed.toml: not valid TOML: Invalid value (at line 2, column 5)"),
        ("a = 1\nb = [1,\n", "seed.toml: not valid TOML: Invalid value (at end of document)"),
        ("a = 1\na = 2\n", "seed.toml: not valid TOML: Cannot overwrite a value (at line 2, column 6)"),
        ("[[accounts]]\nkey='k:k'\nsecret='s'", "seed.toml: accounts[0].key: Expected `str`"),
        ("[[accounts]]\nkey='k'\nsecret='s'\nbalance='much'", "seed.toml: accounts[0].balance: Expected `float`"),
        ("[[accounts]]\nkey='k'\nsecret='s'\ndlr_url='x'", "seed.toml: accounts[0]: 'x' is not an http or https "),
        ("[[keywords]]\nkeyword='STOP'\nnumber='61491570120'", 'seed.toml: keywords[0]: "STOP" cannot be a keyword'),
        (f"{NUMBER}welcome_message='{'x' * 613}'", f'seed.toml: numbers[0]: "{"x" * 40}…" has more than 4 parts'),
        (f"{KEYWORD}members_message='{'я' * 269}'", f'seed.toml: keywords[0]: "{"я" * 40}…" has more than 4 parts'),
        ("[[sender_ids]]\nword='61491570120'", 'seed.toml: sender_ids[0]: "61491570120" cannot be a sender ID'),
        ("[[rules]]\nmatch={froms='1'}", "seed.toml: rules[0].match.froms: there is no such key"),
        (f"{LISTS}msisdn=61491570156\nfields={{A=5}}", "seed.toml: lists[2].contacts[0].fields[...]: Expected `str`"),
        ("[[faults]]\nstatus=200", "seed.toml: faults[0].status: Invalid enum value 200"),
        ("[[lists]]\nname='A'\ncontacts=[{msisdn='61491570156', fields={X='y'}}]", "seed.toml: lists[0]: "),
    ],
)  # fmt: skip
def test_errors_name_the_path(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "seed.toml"
    file.write_text(text)
    with pytest.raises(SeedError) as caught:
        read_seed_file(str(file))
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{\n"lists": [\n{"name": 5}]}', "seed.json: lists[0].name: Expected `str`, got `int`"),
        ('{"lists": [{"name": "A", "name": "B"}]}', "seed.json: cannot be parsed: the key 'name' appears twice in one"),
        ('{"lists": [],\n "lists": []}', "seed.json: cannot be parsed: the key 'lists' appears twice in one object"),
        ('{\n"a": 1,}', "seed.json: not valid JSON: "),
        ('{"lists": [{"name": "\\ud800"}]}', "seed.json: cannot be parsed: 'utf-8' codec can't encode character"),
        ("[]", "seed.json: Expected `object`, got `array`"),
        ('{"a": NaN}', "seed.json: cannot be parsed: NaN is not valid JSON"),
        ("[" * 100_000, "seed.json: cannot be parsed: "),
    ],
)
def test_errors_in_json_name_the_path_too(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(text)
    with pytest.raises(SeedError) as caught:
        read_seed_file(str(file))
    assert str(caught.value).startswith(complaint)


def test_a_file_that_is_missing_or_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "seed.toml"
    with pytest.raises(SeedError, match=r"cannot be read: No such file"):
        read_seed_file(str(file))
    file.write_bytes(b"a = 1\n\xff")
    with pytest.raises(SeedError, match=r"seed\.toml: not valid UTF-8 \(at line 2\)"):
        read_seed_file(str(file))
