"""The core of the API names no method: what a method needs is in its declaration."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_sandbox import api
from sms_sandbox.api.declare import wire_name
from sms_sandbox.api.methods import responses, sms
from sms_sandbox.api.params import Choice
from sms_sandbox.api.routes import Methods, load_methods
from sms_sandbox.api.timestamps import Timestamp

FOLDER = Path(api.__file__).parent
CORE = sorted(FOLDER.glob("*.py"))
TABLES = {"CHAPTERS"}
"""Constants that list the methods on purpose."""

NAMES = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in Methods()))


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield string literals with their lines, except docstrings and tables of methods."""
    body = getattr(tree, "body", [])
    for node in ast.iter_child_nodes(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node in body
        is_table = isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in TABLES for target in node.targets
        )
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif not is_docstring and not is_table:
            yield from literals(node)


def named_methods(source: str) -> list[str]:
    """Return each literal that names a method, with its line."""
    return [f"{line}: {text}" for line, text in literals(ast.parse(source)) if NAMES.search(text)]


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_names_no_method(path: Path) -> None:
    assert named_methods(path.read_text()) == []


@pytest.mark.parametrize(
    "source", ['if method.name == "send-sms": pass', 'f"{x} get-numbers lists them"', 'class A:\n    X = ["get-sms"]']
)
def test_a_method_named_in_the_core_is_found(source: str) -> None:
    assert len(named_methods(source)) == 1


def test_docstrings_and_the_table_of_chapters_may_name_methods() -> None:
    assert named_methods('"""As send-sms."""\nCHAPTERS = {"sms": ("send-sms",)}\nX = 1\n"""get-sms"""') == []
    assert named_methods('X = "resend-sms"') == []


# Declarations that replace names


def test_every_field_of_a_number_is_declared() -> None:
    named = {"to", "msisdn", "mobile", "number"}
    for method in load_methods().values():
        assert named & method.fields == set(method.number_fields), method.name


def test_two_methods_declare_a_sender() -> None:
    senders = {name: method.sender_field for name, method in load_methods().items() if method.sender_field}
    assert senders == {sms.send_sms.name: "from", responses.message_reply.name: "from"}


def test_one_method_declares_billing_and_hints() -> None:
    assert {name: method.bills_messages for name, method in load_methods().items() if method.bills_messages} == {
        sms.send_sms.name: "recipients"
    }
    assert [name for name, method in load_methods().items() if method.hints] == [sms.send_sms.name]
    for method in load_methods().values():
        assert method.hints.keys() <= method.fields
        assert method.hinted_fields == method.hints.keys() | {
            wire_name(name) for name, param in method.params.items()
            if isinstance(param, Timestamp) or (isinstance(param, Choice) and param.lenient)
        }  # fmt: skip
    assert sms.send_sms.hinted_fields == {"list_id", "send_at"}
