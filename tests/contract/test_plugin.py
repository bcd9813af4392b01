"""Runs of small tests against a small endpoint: skipped tests, hidden secrets, messages."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.credentials import Credentials
from contract_tests.run import read_variables, start_run
from contract_tests.target import UnusableError
from tests.contract.endpoint import KEY, SECRET, Endpoint
from tests.contract.small_suite import MAKES, READS, SANDBOXED, SENDS, Suite, output_of

pytest_plugins = "pytester"


# Grants


def test_only_reading_tests_run_without_a_grant(suite: Suite, endpoint: Endpoint) -> None:
    run = suite(READS, MAKES, SENDS, SANDBOXED)
    run.assert_outcomes(passed=1, skipped=3)
    assert {method for method, _ in endpoint.calls} == {"get-balance"}
    text = output_of(run)
    assert "proven   test_small.test_reading" in text
    assert "skipped  test_small.test_making: creates things in the account and removes them again: set SPEND" in text
    assert "skipped  test_small.test_sending: sends messages: set SPEND" in text
    assert (
        "skipped  test_small.test_waiting: does something that only a sandbox can do or undo: it moves the clock"
        in text
    )


def test_granted_tests_run_and_the_end_shows_their_cost(suite: Suite, endpoint: Endpoint) -> None:
    run = suite(READS, MAKES, SENDS, SPEND="2", TO="61400000001")
    run.assert_outcomes(passed=3)
    assert endpoint.forms_of("send-sms") == [{"message": "hi", "to": "61400000001"}]
    assert "Spent 0.087 of 2." in output_of(run)


def test_the_cap_holds_over_tests(suite: Suite, endpoint: Endpoint) -> None:
    often = SENDS.replace("    api.ok", "    for _ in range(100):\n        api.ok")
    run = suite(often, SENDS.replace("test_sending", "test_more"), SPEND="1.3", TO="61400000001")
    run.assert_outcomes(skipped=2)
    assert len(endpoint.forms_of("send-sms")) == 14
    assert "skipped  test_small.test_sending: SPEND is used up" in output_of(run)


def test_another_number_is_refused_before_anything_is_sent(suite: Suite, endpoint: Endpoint) -> None:
    run = suite(SENDS.replace("run.grants.to[0]", '"61400000002"'), SPEND="2", TO="61400000001")
    run.assert_outcomes(failed=1)
    assert "not in TO" in output_of(run)
    assert endpoint.forms_of("send-sms") == []


@pytest.mark.parametrize(
    "arguments",
    [
        "'GET', '/send-sms.json?message=hi&to=61400000002'",
        "'GET', '/send-sms.json', params={'message': 'hi', 'to': '61400000002'}",
        "'POST', '//2/send-sms.xml', data={'message': 'hi', 'to': '61400000002'}",
        "'POST', '/send-sms.json', params={'to': '61400000001'}, data={'message': 'hi', 'to': '61400000002'}",
        "'POST', '/send-sms.json', files={'message': (None, 'hi'), 'to': (None, '61400000002')}",
        "'POST', '/send-sms.json', content=b'message=hi&to=61400000002'",
    ],
)
def test_another_number_is_refused_in_every_form(suite: Suite, endpoint: Endpoint, arguments: str) -> None:
    run = suite(f"{SENDS.rpartition('    api.ok')[0]}    api.request({arguments})\n", SPEND="2", TO="61400000001")
    run.assert_outcomes(failed=1)
    assert endpoint.forms_of("send-sms") == []


def test_a_test_that_declares_nothing_is_an_error(suite: Suite) -> None:
    run = suite("def test_undeclared(api):\n    pass\n")
    assert run.ret == pytest.ExitCode.USAGE_ERROR
    assert "does not declare" in output_of(run)


def test_a_callback_needs_a_url(suite: Suite) -> None:
    test = '@needs(CALLBACK)\n@about("send-sms")\ndef test_calling(receiver):\n    assert receiver.url == "https://me.example"\n'
    assert "set CALLBACK_URL" in output_of(suite(test))
    suite(test, CALLBACK_URL="https://me.example/").assert_outcomes(passed=1)


def test_a_call_over_the_limit_is_retried(suite: Suite, endpoint: Endpoint) -> None:
    test = READS.replace("    api.ok", "    api.limiter.sleep = lambda _: None\n    api.ok")
    endpoint.over_limit = 0
    limited = test.replace(
        "    api.ok", "    api.http.get('/limit', headers={'Authorization': api.credentials.header})\n    api.ok"
    )
    original = endpoint.call

    def call(method: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        if method == "limit":
            endpoint.over_limit = 3
        return original(method, form)

    endpoint.call = call  # type: ignore[method-assign]
    suite(limited).assert_outcomes(passed=1)
    assert len(endpoint.forms_of("get-balance")) == 1 + 4  # the first call checks the credentials


# Exit codes


def test_the_exit_code_tells_the_result(suite: Suite, endpoint: Endpoint) -> None:
    assert suite(READS).ret == 0
    assert suite(READS, flags=("-k", "nothing")).ret == 5
    endpoint.changes["get-balance"] = {"balance": "12.345"}
    run = suite(READS)
    assert run.ret == 1
    assert 'balance is "12.345", not a number of at most 3 decimals' in output_of(run)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"SECRET": "wrong"}, "refuses these credentials (401): check KEY and SECRET."),
        ({"ENDPOINT": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"ENDPOINT": "localhost"}, "ENDPOINT is 'localhost'. Give an address"),
        ({"SECRET": ""}, "KEY and SECRET go together"),
        ({"SECRET": "", "KEY": ""}, "set KEY and SECRET"),
        ({"SPEND": "lots"}, "SPEND is 'lots'"),
        ({"TO": "0400000001"}, "TO contains '0400000001'"),
        ({"RATE": "x"}, "RATE is 'x'"),
        ({"CA": "/nowhere.pem"}, "The certificates in CA, '/nowhere.pem', cannot be read"),
    ],
)
def test_a_run_that_cannot_start_has_one_sentence(endpoint: Endpoint, variables: dict[str, str], line: str) -> None:
    variables = read_variables({"ENDPOINT": endpoint.url, "KEY": KEY, "SECRET": SECRET, **variables})
    with pytest.raises(UnusableError) as why:
        start_run(variables)
    assert line in str(why.value)
    assert "\n" not in str(why.value)


def test_a_run_that_cannot_start_is_one_line_and_code_2(endpoint: Endpoint) -> None:
    command = [sys.executable, "-m", "contract_tests", "-k", "nothing"]
    environment = {**os.environ, "SECRET": "wrong"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"contract: {endpoint.url} refuses these credentials (401): check KEY and SECRET.\n"


# Secrets


def test_no_secret_is_printed(suite: Suite, tmp_path: Path) -> None:
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
    assert "{SECRET}" not in repr(run) + repr(api) + repr(api.secrets) + repr(run.address)
    assert "{KEY}" not in repr(run) + repr(api)
"""
    junit = tmp_path / "junit.xml"
    run = suite(leaking, flags=("--showlocals", "--tb=long", f"--junitxml={junit}"))
    run.assert_outcomes(failed=2, passed=1)
    encoded = Credentials(KEY, SECRET).header.removeprefix("Basic ")
    for text in (output_of(run).replace(f'"{SECRET}"', "").replace(f'"{KEY}"', ""), junit.read_text()):
        shown = [line for line in text.splitlines() if SECRET in line or KEY in line or encoded in line]
        assert [line for line in shown if "not in repr" not in line] == []
    assert "***" in output_of(run)
