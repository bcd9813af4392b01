"""Every documented refusal: its status, its code, its words, in both formats; and that it changes nothing."""

from typing import Any

import pytest

from .client import Api
from .codes import WORDS
from .grants import NOTHING
from .plugin import about, needs
from .refusals import CASES, Case
from .scene import Scene
from .wire import as_xml_says

ALL = [pytest.param(each.method, each, marks=needs(each.need), id=each.name) for each in CASES]


def caller(scene: Scene, case: Case) -> Api:
    """Who calls: the account, or a client of it that is no reseller and has nothing."""
    if not case.by_client:
        return scene.api
    assert scene.poor is not None
    return scene.poor


@pytest.mark.parametrize(("method", "case"), ALL)
def test_it_is_refused(scene: Scene, method: str, case: Case) -> None:
    api, form = caller(scene, case), case.form(scene)
    json: Any = api.was_refused(case.code, api.call(method, "json", form), case.says)
    if case.code == "RECIPIENTS_ERROR":
        return
    if case.says is None:
        assert json == WORDS[case.code][0]
    xml = api.was_refused(case.code, api.call(method, "xml", form))
    assert xml == as_xml_says(json)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(NOTHING)
@about("get-balance")
def test_no_such_method(api: Api, fmt: str) -> None:
    for name in ("get-nothing", "Get-Balance", "get_balance", "balance"):
        api.was_refused("NOT_IMPLEMENTED", api.request("GET", f"/{name}.{fmt}"))
