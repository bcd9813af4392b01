"""A run of the suite, of small tests against a small endpoint: what is skipped, hidden, undone, kept, and told."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contract_tests.run import begin, told
from contract_tests.secrecy import Credentials
from contract_tests.target import UnusableError
from tests.contract.endpoint import HIDDEN, KEY, SECRET, Endpoint

pytest_plugins = "pytester"

Ran = pytest.RunResult
Suite = Callable[..., Ran]

HEAD = """
import pytest
from contract_tests.grants import CALLBACK, MONEY, NOTHING, SANDBOX, STATE
from contract_tests.plugin import about, needs
"""
READS = """
@needs(NOTHING)
@about("get-balance")
def test_reading(api):
    api.ok("get-balance")
"""
MAKES = """
@needs(STATE)
@about("add-list")
def test_making(api):
    api.ok("add-list", name="x")
"""
SENDS = """
@needs(MONEY)
@about("send-sms")
def test_sending(run, api):
    api.ok("send-sms", message="hi", to=run.grants.to[0])
"""
SANDBOXED = """
@needs(SANDBOX, why="it lets time pass")
@about("get-sms")
def test_waiting(control):
    raise AssertionError("it ran")
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint) -> Suite:
    """Run some tests with variables and flags."""

    def run(*tests: str, flags: tuple[str, ...] = (), **variables: str) -> Ran:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        path = pytester.makepyfile(test_small=HEAD + "\n".join(tests))
        return pytester.runpytest_inprocess("-p", "contract_tests.plugin", "-p", "no:cacheprovider", *flags, path)

    assert endpoint
    return run


def said(ran: Ran) -> str:
    return ran.stdout.str() + ran.stderr.str()


# What runs


def test_it_is_read_only_unless_granted(suite: Suite, endpoint: Endpoint) -> None:
    ran = suite(READS, MAKES, SENDS, SANDBOXED)
    ran.assert_outcomes(passed=1, skipped=3)
    assert {method for method, _ in endpoint.calls} == {"get-balance"}
    text = said(ran)
    assert "proven   test_small.test_reading" in text
    assert "skipped  test_small.test_making: makes things in the account and removes them again: give SPEND" in text
    assert "skipped  test_small.test_sending: sends messages: give SPEND" in text
    assert "skipped  test_small.test_waiting: does what only a sandbox can do or undo: it lets time pass" in text


def test_what_is_granted_runs_and_the_end_tells_what_it_cost(suite: Suite, endpoint: Endpoint) -> None:
    ran = suite(READS, MAKES, SENDS, SPEND="2", TO="61400000001")
    ran.assert_outcomes(passed=3)
    assert endpoint.asked("send-sms") == [{"message": "hi", "to": "61400000001"}]
    assert "Spent 0.087 of 2." in said(ran)


def test_the_cap_holds_over_tests(suite: Suite, endpoint: Endpoint) -> None:
    often = SENDS.replace("    api.ok", "    for _ in range(100):\n        api.ok")
    ran = suite(often, SENDS.replace("test_sending", "test_more"), SPEND="1.3", TO="61400000001")
    ran.assert_outcomes(skipped=2)
    assert len(endpoint.asked("send-sms")) == 14
    assert "skipped  test_small.test_sending: SPEND is used up" in said(ran)


def test_a_strange_number_is_refused_before_anything_is_sent(suite: Suite, endpoint: Endpoint) -> None:
    ran = suite(SENDS.replace("run.grants.to[0]", '"61400000002"'), SPEND="2", TO="61400000001")
    ran.assert_outcomes(failed=1)
    assert "not in TO" in said(ran)
    assert endpoint.asked("send-sms") == []


@pytest.mark.parametrize(
    "said",
    [
        "'GET', '/send-sms.json?message=hi&to=61400000002'",
        "'GET', '/send-sms.json', params={'message': 'hi', 'to': '61400000002'}",
        "'POST', '//2/send-sms.xml', data={'message': 'hi', 'to': '61400000002'}",
        "'POST', '/send-sms.json', params={'to': '61400000001'}, data={'message': 'hi', 'to': '61400000002'}",
        "'POST', '/send-sms.json', files={'message': (None, 'hi'), 'to': (None, '61400000002')}",
        "'POST', '/send-sms.json', content=b'message=hi&to=61400000002'",
    ],
)
def test_a_strange_number_is_refused_however_it_is_said(suite: Suite, endpoint: Endpoint, said: str) -> None:
    ran = suite(f"{SENDS.rpartition('    api.ok')[0]}    api.request({said})\n", SPEND="2", TO="61400000001")
    ran.assert_outcomes(failed=1)
    assert endpoint.asked("send-sms") == []


def test_a_test_that_declares_nothing_is_an_error(suite: Suite) -> None:
    ran = suite("def test_undeclared(api):\n    pass\n")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert "does not declare" in said(ran)


def test_a_callback_needs_a_url(suite: Suite) -> None:
    test = '@needs(CALLBACK)\n@about("send-sms")\ndef test_calling(receiver):\n    assert receiver.url == "https://me.example"\n'
    assert "give CALLBACK_URL" in said(suite(test))
    suite(test, CALLBACK_URL="https://me.example/").assert_outcomes(passed=1)


# Exit codes


def test_exit_codes(suite: Suite, endpoint: Endpoint) -> None:
    assert suite(READS).ret == 0
    assert suite(READS, flags=("-k", "nothing")).ret == 5
    endpoint.changes["get-balance"] = {"balance": "12.345"}
    ran = suite(READS)
    assert ran.ret == 1
    assert 'balance is "12.345", not a number of at most 3 decimals' in said(ran)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"SECRET": "wrong"}, "refuses these credentials (401): check KEY and SECRET."),
        ({"ENDPOINT": "http://127.0.0.1:9"}, "can't be reached"),
        ({"ENDPOINT": "localhost"}, "is no address"),
        ({"SECRET": ""}, "KEY and SECRET go together"),
        ({"SECRET": "", "KEY": ""}, "give KEY and SECRET"),
        ({"SPEND": "lots"}, "SPEND is 'lots'"),
        ({"TO": "0400000001"}, "TO holds '0400000001'"),
        ({"RATE": "x"}, "RATE is 'x'"),
        ({"CA": "/nowhere.pem"}, "CA is '/nowhere.pem'"),
    ],
)
def test_what_can_not_be_run_is_said_in_a_sentence(endpoint: Endpoint, variables: dict[str, str], line: str) -> None:
    given = told({"ENDPOINT": endpoint.url, "KEY": KEY, "SECRET": SECRET, **variables})
    with pytest.raises(UnusableError) as why:
        begin(given)
    assert line in str(why.value)
    assert "\n" not in str(why.value)


def test_a_run_that_can_not_be_is_one_line_and_code_2(endpoint: Endpoint) -> None:
    command = [sys.executable, "-m", "contract_tests", "-k", "nothing"]
    environment = {**os.environ, "SECRET": "wrong"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"contract: {endpoint.url} refuses these credentials (401): check KEY and SECRET.\n"


# Secrets


def test_no_secret_is_printed_whatever_a_test_does(suite: Suite, tmp_path: Path) -> None:
    leaking = f"""
@needs(NOTHING)
@about("get-balance")
def test_leaking(run, api):
    header = api.credentials.header
    print(header, api.credentials.secret)
    assert (api.credentials.key, api.credentials.secret, header) == ()

@needs(NOTHING)
@about("get-balance")
def test_raising(api):
    header = {{"Authorization": api.credentials.header}}
    raise ValueError(api.http.request("GET", "/x", headers=header).request.headers.raw)

@needs(NOTHING)
@about("get-balance")
def test_showing(run, api):
    assert "{SECRET}" not in repr(run) + repr(api) + repr(api.secrets) + repr(run.where)
    assert "{KEY}" not in repr(run) + repr(api)
"""
    junit = tmp_path / "junit.xml"
    ran = suite(leaking, flags=("--showlocals", "--tb=long", f"--junitxml={junit}"))
    ran.assert_outcomes(failed=2, passed=1)
    encoded = Credentials(KEY, SECRET).header.removeprefix("Basic ")
    for text in (said(ran).replace(f'"{SECRET}"', "").replace(f'"{KEY}"', ""), junit.read_text()):
        shown = [line for line in text.splitlines() if SECRET in line or KEY in line or encoded in line]
        assert [line for line in shown if "not in repr" not in line] == []
    assert "***" in said(ran)


# What is left behind


def test_what_a_failing_test_made_is_removed(suite: Suite, endpoint: Endpoint) -> None:
    failing = MAKES + '    api.call("send-sms", "json", {})\n    api.ok("add-list", name="y")\n    assert False\n'
    ran = suite(failing.replace('    api.call("send-sms", "json", {})\n', ""), SPEND="0")
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


def test_a_call_over_the_limit_is_made_again(suite: Suite, endpoint: Endpoint) -> None:
    test = READS.replace("    api.ok", "    api.pacer.sleep = lambda _: None\n    api.ok")
    endpoint.over_limit = 0
    limited = test.replace(
        "    api.ok", "    api.http.get('/limit', headers={'Authorization': api.credentials.header})\n    api.ok"
    )
    original = endpoint.say

    def say(method: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if method == "limit":
            endpoint.over_limit = 3
        return original(method, form)

    endpoint.say = say  # type: ignore[method-assign]
    suite(limited).assert_outcomes(passed=1)
    assert len(endpoint.asked("get-balance")) == 1 + 4  # one to see whether the credentials are good


# Recordings


ADDS = """
@needs(STATE)
@about("add-to-list")
def test_adding(api):
    api.ok("add-to-list", list_id=7, msisdn="61491570156")
"""


def test_a_recording_holds_shapes_and_nothing_of_the_account(suite: Suite, tmp_path: Path) -> None:
    suite(ADDS, flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(passed=1)
    (file,) = tmp_path.glob("*.json")
    text = file.read_text()
    for hidden in (*map(str, HIDDEN.values()), KEY, SECRET, "61491570156", "127.0.0.1"):
        assert hidden not in text
    kept = json.loads(text)
    assert kept["test"] == "test_small.test_adding"
    assert kept["answers"]["add-to-list.json 200 SUCCESS"]["fields"] == {"*": "text"}
    assert date.fromisoformat(kept["date"])


def test_a_failed_test_records_nothing(suite: Suite, tmp_path: Path) -> None:
    suite(ADDS + "    assert False\n", flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(
        failed=1
    )
    assert list(tmp_path.glob("*.json")) == []


def test_nothing_is_recorded_of_a_sandbox(endpoint: Endpoint, tmp_path: Path) -> None:
    endpoint.info = {"name": "sms-sandbox"}
    with pytest.raises(UnusableError, match="this endpoint is a sandbox"):
        begin(told(os.environ), tmp_path, is_recording=True)
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_is_held_to_the_recording(suite: Suite, endpoint: Endpoint, tmp_path: Path) -> None:
    suite(ADDS, flags=("--record", f"--recorded={tmp_path}"), SPEND="0").assert_outcomes(passed=1)
    endpoint.info = {"name": "sms-sandbox"}
    suite(ADDS, flags=(f"--recorded={tmp_path}",)).assert_outcomes(passed=1)
    endpoint.changes["add-to-list"] = {"last_name": "Uno"}
    ran = suite(ADDS, flags=(f"--recorded={tmp_path}",))
    ran.assert_outcomes(failed=1)
    assert ".last_name: text here, null recorded" in said(ran)


def test_missing_and_stale_recordings_are_told(suite: Suite, tmp_path: Path) -> None:
    flags = (f"--recorded={tmp_path}",)
    assert "1 of 1 tests have never been recorded" in said(suite(READS, flags=flags))
    suite(READS, flags=("--record", *flags))
    fresh = said(suite(READS, flags=flags))
    assert "never been recorded" not in fresh
    assert "1 fresh" in fresh
    (file,) = tmp_path.glob("*.json")
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({**kept, "date": "2020-01-31"}))
    assert "The recording of test_small.test_reading is stale, of 2020-01-31." in said(suite(READS, flags=flags))
