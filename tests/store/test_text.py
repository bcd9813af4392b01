"""Texts that are searched: the same is found on both databases."""

import pytest
from sqlalchemy import String, cast, literal, select

from sms_sandbox.store.database import Store
from sms_sandbox.store.text import contains


@pytest.mark.parametrize(("text", "wanted", "expected"), [
    ("Hello", "ELL", True), ("hello", "x", False), ("50% off", "0% O", True), ("500 off", "0% o", False),
    ("a_b", "A_B", True), ("acb", "a_b", False), ("Grüße", "GRÜ", True), ("Grüße", "SSE", False),
    ("Grusse", "ü", False), ("caf\N{KELVIN SIGN}", "k", True), ("k", "\N{KELVIN SIGN}", True),
    ("Δ-Rail", "δ-RAIL", True), ("", "a", False),
])  # fmt: skip
def test_a_text_contains_another_in_any_case(store: Store, text: str, wanted: str, expected: bool) -> None:
    with store.begin() as db:
        assert bool(db.scalar(select(contains(db, cast(literal(text), String), wanted)))) is expected
