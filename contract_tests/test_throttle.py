"""The throttle of fifteen calls per second (1.8)."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import Api
from .grants import SANDBOX, STATE
from .plugin import about, needs, new_tenant
from .run import Run
from .scene import HANDSETS
from .wire import Answer

LIMIT = 15


def burst(api: Api, calls: int, path: str = "/get-balance.json") -> list[Answer]:
    """Make calls as fast as the network allows, eight at a time."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: api.request("GET", path, retry_over_limit=False), range(calls)))


def is_gateway_answer(answer: Answer) -> bool:
    """Return True for the answer logged in 2026. It has no error block."""
    body = rb'\{"code":"429 Too Many Requests", "description":"You have exceeded the request limit of [1-9]\d*r/s"\}'
    return answer.status == 429 and re.fullmatch(body, answer.body) is not None


def throttled(run: Run) -> Api:
    """Return an account with a throttle: a new tenant's, or the real one after a pause."""
    if run.control is not None:
        return new_tenant(run, LIMIT)[0]
    time.sleep(2)
    return run.api.with_credentials(run.api.credentials, rate=0)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(STATE, why="it uses up all the account's calls for two seconds")
@about("get-balance")
def test_calls_over_the_limit_are_refused_for_a_second(run: Run, fmt: str) -> None:
    api, calls = throttled(run), 4 * LIMIT
    began = time.monotonic()
    answers = burst(api, calls, f"/get-balance.{fmt}")
    most = LIMIT * (int(time.monotonic() - began) + 1)
    if most >= calls:
        pytest.skip("the network is too slow for this many calls")
    refused = [answer for answer in answers if answer.status != 200]
    assert LIMIT <= len(answers) - len(refused) <= most
    for answer in refused:
        if run.control is not None or not is_gateway_answer(answer):
            api.check_refusal("OVER_LIMIT", answer)
        assert "retry-after" not in answer.headers
    time.sleep(1.1)
    for answer in burst(api, LIMIT, f"/get-balance.{fmt}"):
        api.check_success(answer)


@needs(SANDBOX, why="it needs an account of the profile live-2026")
@pytest.mark.parametrize("fmt", ["json", "xml"])
@about("get-balance")
def test_in_2026_the_gateway_refuses_calls_over_the_limit(run: Run, fmt: str) -> None:
    api, _ = new_tenant(run, 20, profile="live-2026")
    refused = [answer for answer in burst(api, 80, f"/get-balance.{fmt}") if answer.status != 200]
    assert refused
    assert all(is_gateway_answer(answer) and b" 20r/s" in answer.body for answer in refused)


@needs(SANDBOX, why="it sends messages up to the limit")
@about("send-sms", "get-message-report")
def test_calls_over_the_limit_do_nothing(run: Run) -> None:
    api = throttled(run)
    query = f"/send-sms.json?message=hi&to={HANDSETS[0]}"
    taken = sum(answer.status == 200 for answer in burst(api, 4 * LIMIT, query))
    time.sleep(1.1)
    assert LIMIT <= taken < 4 * LIMIT
    assert api.ok("get-message-report")["messages_total"] == taken


@needs(SANDBOX, why="it needs a second account")
@about("get-balance")
def test_each_account_has_its_own_throttle(run: Run) -> None:
    one, other = throttled(run), throttled(run)
    assert any(answer.status == 429 for answer in burst(one, 4 * LIMIT))
    for answer in burst(other, LIMIT):
        other.check_success(answer)


@needs(SANDBOX, why="it needs an account at its limit")
@about("get-balance")
def test_the_limit_comes_after_path_and_credentials(run: Run) -> None:
    api = throttled(run)
    assert any(answer.status == 429 for answer in burst(api, 4 * LIMIT))
    for answer in burst(api, 3, "/get-nothing.json"):
        api.check_refusal("NOT_IMPLEMENTED", answer)
    no_credentials = {"Authorization": None}
    api.check_refusal(
        "AUTH_FAILED_NO_DATA", api.request("GET", "/get-balance.json", headers=no_credentials, retry_over_limit=False)
    )
