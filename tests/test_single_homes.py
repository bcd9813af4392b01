"""Facts that several modules need, each written in one module only."""

import ast
from functools import cache
from pathlib import Path

import pytest

from sms_sandbox.domain import merge
from sms_sandbox.domain.profiles import PROFILES

PACKAGE = Path(__file__).parents[1] / "sms_sandbox"
FILES = sorted(PACKAGE.rglob("*.py"))
DEFAULT_PROFILE = "seed"
"""Its name is an ordinary word, and also appears alone as a default."""


@cache
def literals(path: Path) -> frozenset[str]:
    """Return the string literals of a module, without docstrings."""
    tree = ast.parse(path.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return frozenset(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements
    )


def homes(*texts: str) -> list[str]:
    """Return the modules with a literal that contains one of the texts, plain or escaped."""
    wanted = {*texts, *(text.replace(".", r"\.") for text in texts)}
    return [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(text in literal for literal in literals(path) for text in wanted)
    ]


@pytest.mark.parametrize("host", [merge.TRACKED_HOST, merge.UNSUBSCRIBE_HOST])
def test_the_hosts_of_short_links_have_one_home(host: str) -> None:
    assert homes(host) == ["domain/merge.py"]


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - {DEFAULT_PROFILE}))
def test_the_names_of_profiles_have_one_home(name: str) -> None:
    assert homes(name) == ["domain/profiles.py"]


def test_the_rule_of_a_magic_key_has_one_home() -> None:
    assert homes("magic key") == ["domain/faults.py"]


def test_a_leading_zero_means_australia_in_one_place() -> None:
    assert [path.name for path in FILES if "61" in literals(path)] == ["numbers.py"]


def test_no_module_is_called_by_another_name() -> None:
    """A reader must not look up which module a name means. Tables have a letter, as in SQL."""
    modules = {path.stem for path in FILES}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                renamed = [
                    f"{alias.name} as {alias.asname}"
                    for alias in node.names
                    if alias.name in modules and alias.asname and len(alias.asname) > 1 and alias.asname != "shapes"
                ]
                assert not renamed, f"{path}: {renamed}"


def test_a_second_home_is_found() -> None:
    assert "api/routes.py" in homes("send-sms")
    assert len(homes("utf-8")) > 1
