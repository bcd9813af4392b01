"""Methods are found by name without loading those of other chapters."""

import subprocess
import sys
from importlib import import_module

import pytest

from sms_sandbox.api.routes import CHAPTERS, Methods, load_methods


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_table_names_what_a_chapter_declares(chapter: str) -> None:
    declared = import_module(f"sms_sandbox.api.methods.{chapter}").METHODS
    assert tuple(method.name for method in declared) == CHAPTERS[chapter]


def test_every_method_is_there() -> None:
    methods = Methods()
    assert len(methods) == len(load_methods()) == 48
    assert dict(methods) == load_methods()
    assert "get-balance" in methods
    assert methods.get("get-everything") is None


def test_a_method_is_found_without_the_other_chapters() -> None:
    program = (
        "import sys; from sms_sandbox.api.routes import Methods; Methods()['get-balance'];"
        " print(*(name for name in sys.modules if name.startswith('sms_sandbox.api.methods.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sms_sandbox.api.methods.account"]
