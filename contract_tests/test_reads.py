"""Every method that reads: its shape, and that verbs and formats make no difference (1.2, 2.4)."""

from typing import Any

import pytest

from .grants import NOTHING
from .plugin import needs
from .reads import READS
from .scene import Known, Scene
from .shapes import PAGED
from .wire import as_xml_says

pytestmark = [needs(NOTHING), pytest.mark.parametrize("method", READS)]

TRIES = 3
"""How often two answers are compared that something else may have changed between."""


def same(scene: Scene, method: str, form: dict[str, Any]) -> bool:
    """Whether GET and POST, JSON and XML say the same."""
    api = scene.api
    first = api.succeeded(api.request("POST", f"/{method}.json", data=form))
    others = [
        as_xml_says(api.succeeded(api.request("GET", f"/{method}.json", params=form))),
        api.succeeded(api.request("GET", f"/{method}.xml", params=form)),
        api.succeeded(api.request("POST", f"/{method}.xml", data=form)),
    ]
    return all(each == as_xml_says(first) for each in others)


def test_it_answers_in_its_shape(scene: Scene, known: Known, method: str) -> None:
    said = scene.api.ok(method, **READS[method](known))
    if method in PAGED and scene.control:
        total, items = PAGED[method]
        assert said[total], "the scene has something of everything"
        assert said[items]


def test_verbs_and_formats_make_no_difference(scene: Scene, known: Known, method: str) -> None:
    form = READS[method](known)
    assert any(same(scene, method, form) for _ in range(TRIES)), "JSON and XML, GET and POST say different things"


def test_parameters_nobody_knows_are_ignored(scene: Scene, known: Known, method: str) -> None:
    form = READS[method](known)
    said = scene.api.ok(method, **form)
    junk = {"Message_ID": "x", "listId": "7", "x[y]": "z", "": "", "ü": "é", "page_": "2", "callback": "f"}
    assert (
        scene.api.succeeded(scene.api.request("POST", f"/{method}.json", data={**form, **junk})).keys() == said.keys()
    )
