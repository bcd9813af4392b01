"""Every method that only reads: its shape, and the equality of verbs and formats (1.2, 2.4)."""

from typing import Any

import pytest

from .grants import NOTHING
from .plugin import needs
from .reads import READS
from .scene import Known, Scene
from .shapes import PAGED
from .wire import as_xml

pytestmark = [needs(NOTHING), pytest.mark.parametrize("method", READS)]

MAX_COMPARISONS = 3
"""Number of comparisons. Something else may change the account between two calls."""


def agree(scene: Scene, method: str, form: dict[str, Any]) -> bool:
    """True if GET and POST, JSON and XML give the same values."""
    api = scene.api
    first = api.check_success(api.request("POST", f"/{method}.json", data=form))
    others = [
        as_xml(api.check_success(api.request("GET", f"/{method}.json", params=form))),
        api.check_success(api.request("GET", f"/{method}.xml", params=form)),
        api.check_success(api.request("POST", f"/{method}.xml", data=form)),
    ]
    return all(answer == as_xml(first) for answer in others)


def test_the_answer_has_its_shape(scene: Scene, known: Known, method: str) -> None:
    payload = scene.api.ok(method, **READS[method](known))
    if method in PAGED and scene.control:
        total, items = PAGED[method]
        assert payload[total], "the scene has examples for every method"
        assert payload[items]


def test_verbs_and_formats_make_no_difference(scene: Scene, known: Known, method: str) -> None:
    form = READS[method](known)
    assert any(agree(scene, method, form) for _ in range(MAX_COMPARISONS)), "JSON and XML, or GET and POST, differ"


def test_unknown_parameters_are_ignored(scene: Scene, known: Known, method: str) -> None:
    form = READS[method](known)
    payload = scene.api.ok(method, **form)
    junk = {"Message_ID": "x", "listId": "7", "x[y]": "z", "": "", "ü": "é", "page_": "2", "callback": "f"}
    assert (
        scene.api.check_success(scene.api.request("POST", f"/{method}.json", data={**form, **junk})).keys()
        == payload.keys()
    )
