"""Parameters that take one of a few words (4.6, 4.8, 5.4, 6.2): an unknown word counts as not given."""

import pytest

from .grants import NOTHING
from .plugin import about, needs
from .reads import READS
from .scene import Known, Scene

WORDS = [
    ("get-list", "members"), ("get-sms-sent", "delivery"), ("get-sms-sent", "optouts"),
    ("get-user-sms-responses", "keywords"),
]  # fmt: skip
"""Parameters that the vendor's OpenAPI file calls booleans. So generated clients send `true` and `false`."""


@needs(NOTHING)
@pytest.mark.parametrize(("method", "name"), WORDS)
def test_an_unknown_word_counts_as_not_given(scene: Scene, known: Known, method: str, name: str) -> None:
    form = READS[method](known)
    usual = scene.api.ok(method, **form)
    for unknown in ("true", "False", "perhaps"):
        assert scene.api.ok(method, **form, **{name: unknown}) == usual, unknown


@needs(NOTHING)
@about("get-numbers")
def test_the_filter_may_be_in_capitals(scene: Scene) -> None:
    assert scene.api.ok("get-numbers", filter="OWNED") == {**scene.api.ok("get-numbers"), "filter": "OWNED"}
