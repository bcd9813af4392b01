"""The cleanup after each test of the suite."""

from tests.contract.endpoint import Endpoint
from tests.contract.small_suite import MAKES, SENDS, Suite, output_of

pytest_plugins = "pytester"


def test_things_of_a_failing_test_are_removed(suite: Suite, endpoint: Endpoint) -> None:
    failing = MAKES + '    api.ok("add-list", name="y")\n    assert False\n'
    run = suite(failing, SPEND="0")
    run.assert_outcomes(failed=1)
    assert len(endpoint.forms_of("add-list")) == 2
    assert endpoint.lists == {}
    assert [form["list_id"] for form in endpoint.forms_of("remove-list")] == ["101", "100"]


def test_things_of_an_answer_with_a_wrong_shape_are_removed(suite: Suite, endpoint: Endpoint) -> None:
    endpoint.changes["add-list"] = {"fields": None}
    suite(MAKES, SPEND="0").assert_outcomes(failed=1)
    assert endpoint.lists == {}


def test_a_scheduled_message_is_cancelled(suite: Suite, endpoint: Endpoint) -> None:
    scheduling = SENDS.replace("to=run.grants.to[0]", 'to=run.grants.to[0], send_at="2999-01-01"')
    suite(scheduling, SPEND="2", TO="61400000001").assert_outcomes(passed=1)
    assert endpoint.scheduled == set()


def test_a_failed_cleanup_is_an_error(suite: Suite, endpoint: Endpoint) -> None:
    closing = "\n    api.another(api.credentials)\n    api.pending_cleanup[0][1][1]['list_id'] = 'x'\n"
    failing = MAKES.rstrip() + closing
    endpoint.call = lambda method, form, call=endpoint.call: (  # type: ignore[method-assign,misc]
        (500, {"error": {"code": "FAILED", "description": "x"}}) if method == "remove-list" else call(method, form)
    )
    run = suite(failing, SPEND="0")
    assert run.ret == 1
    assert "left behind: remove-list" in output_of(run)
