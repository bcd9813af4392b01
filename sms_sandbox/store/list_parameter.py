"""Lists as one parameter of a statement, so that it is compiled only once.

A statement that is built again for each list leaves dozens of objects to the garbage collector, which runs rarely here.
"""

from collections.abc import Iterable
from typing import Any

from msgspec.json import encode
from sqlalchemy import BindParameter, ColumnElement, String, bindparam, cast
from sqlalchemy.ext.compiler import compiles


class _Elements(ColumnElement[str]):
    """The elements of a list of texts."""

    inherit_cache = False

    def __init__(self, name: str) -> None:
        self.parameter: BindParameter[str] = bindparam(name, type_=String())


@compiles(_Elements, "sqlite")
def _on_sqlite(elements: _Elements, compiler: Any, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(elements.parameter, **options)}))"  # noqa: S608


@compiles(_Elements, "postgresql")
def _on_postgresql(elements: _Elements, compiler: Any, **options: Any) -> str:
    return f"(SELECT json_array_elements_text({compiler.process(elements.parameter, **options)}::json))"


def not_in_list(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is not in a list.

    The list is the parameter `name`, as `encode_list` makes it.
    """
    text = column if isinstance(column.type, String) else cast(column, String)
    return text.bool_op("NOT IN")(_Elements(name))


def encode_list(values: Iterable[object]) -> str:
    """Return a list as a parameter."""
    return encode([str(value) for value in values]).decode()
