"""What tests of the suite leave behind: nothing."""

from tests.contract.endpoint import Endpoint
from tests.contract.small_suite import MAKES, SENDS, Suite, said

pytest_plugins = "pytester"


def test_what_a_failing_test_made_is_removed(suite: Suite, endpoint: Endpoint) -> None:
    failing = MAKES + '    api.ok("add-list", name="y")\n    assert False\n'
    ran = suite(failing, SPEND="0")
    ran.assert_outcomes(failed=1)
    assert len(endpoint.asked("add-list")) == 2
    assert endpoint.lists == {}
    assert [form["list_id"] for form in endpoint.asked("remove-list")] == ["101", "100"]


def test_what_is_made_by_an_answer_of_a_wrong_shape_is_removed_too(suite: Suite, endpoint: Endpoint) -> None:
    endpoint.changes["add-list"] = {"fields": None}
    suite(MAKES, SPEND="0").assert_outcomes(failed=1)
    assert endpoint.lists == {}


def test_a_scheduled_message_is_called_off(suite: Suite, endpoint: Endpoint) -> None:
    scheduling = SENDS.replace("to=run.grants.to[0]", 'to=run.grants.to[0], send_at="2999-01-01"')
    suite(scheduling, SPEND="2", TO="61400000001").assert_outcomes(passed=1)
    assert endpoint.scheduled == set()


def test_what_can_not_be_removed_is_an_error(suite: Suite, endpoint: Endpoint) -> None:
    closing = "\n    api.another(api.credentials)\n    api.undone_by[0][1][1]['list_id'] = 'x'\n"
    failing = MAKES.rstrip() + closing
    endpoint.say = lambda method, form, say=endpoint.say: (  # type: ignore[method-assign,misc]
        (500, {"error": {"code": "FAILED", "description": "x"}}) if method == "remove-list" else say(method, form)
    )
    ran = suite(failing, SPEND="0")
    assert ran.ret == 1
    assert "left behind: remove-list" in said(ran)
