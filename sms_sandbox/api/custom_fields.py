"""Parameters for custom fields, each of which reads several form fields."""

from collections.abc import Mapping
from typing import ClassVar

from ..store.contacts import SLOTS
from .forms import Form
from .params import Schema, Text


class Slots(Text, frozen=True):
    """The form fields field_1 to field_10, by slot."""

    reads_one_field: ClassVar[bool] = False

    def read(self, form: Form, name: str) -> Mapping[str, str] | None:  # noqa: ARG002
        values = {slot: value for slot in SLOTS if (value := Text.read(self, form, f"field_{slot}"))}
        return values or None

    def fields(self, name: str) -> dict[str, Schema]:  # noqa: ARG002
        return {f"field_{slot}": {**self.schema(), "description": self.doc} for slot in SLOTS}


class FieldValues(Slots, frozen=True):
    """Values of custom fields, by slot or by name.

    A form field is `field_` and the slot, or `field_` and the name with underscores for blanks. The values are read as
    a mapping with lower-case keys, without `field_`, because only the list knows which names it has.
    """

    def read(self, form: Form, name: str) -> Mapping[str, str] | None:  # noqa: ARG002
        keys = [key for key in form if key.startswith("field_")]
        values = {key[6:].lower(): value for key in keys if (value := Text.read(self, form, key)) is not None}
        return values or None
