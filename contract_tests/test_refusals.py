"""Every documented refusal: its status, code and description, in both formats."""

from typing import Any

import pytest

from .client import Api
from .codes import DESCRIPTIONS
from .grants import NOTHING
from .plugin import about, needs
from .refusals import CASES, Case
from .scene import Scene
from .wire import as_xml

ALL = [pytest.param(case.method, case, marks=needs(case.need), id=case.name) for case in CASES]


def caller(scene: Scene, case: Case) -> Api:
    """Return the account of a case: the scene's, or its client without money."""
    if not case.by_client:
        return scene.api
    assert scene.poor is not None
    return scene.poor


@pytest.mark.parametrize(("method", "case"), ALL)
def test_the_call_is_refused(scene: Scene, method: str, case: Case) -> None:
    api, form = caller(scene, case), case.form(scene)
    json: Any = api.check_refusal(case.code, api.call(method, "json", form), case.description)
    if case.description is None and case.code in DESCRIPTIONS:
        assert json == DESCRIPTIONS[case.code][0]
    xml = api.check_refusal(case.code, api.call(method, "xml", form))
    assert xml == as_xml(json)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(NOTHING)
@about("get-balance")
def test_an_unknown_method_is_refused(api: Api, fmt: str) -> None:
    for name in ("get-nothing", "Get-Balance", "get_balance", "balance"):
        api.check_refusal("NOT_IMPLEMENTED", api.request("GET", f"/{name}.{fmt}"))
