"""Fifteen calls in any second, and what comes after (1.8)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import Api
from .grants import SANDBOX, STATE
from .plugin import about, needs, world_of
from .run import Run
from .scene import HANDSETS
from .wire import Reply

LIMIT = 15


def burst(api: Api, calls: int, path: str = "/get-balance.json") -> list[Reply]:
    """That many calls at once, as fast as the network allows."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: api.request("GET", path, patiently=False), range(calls)))


def throttled(run: Run) -> Api:
    """An account whose calls are counted: a sandbox's own for this, or the one there is, at rest."""
    if run.control is not None:
        return world_of(run, LIMIT)[0]
    time.sleep(2)
    return run.api.another(run.api.credentials, rate=0)


@pytest.mark.parametrize("fmt", ["json", "xml"])
@needs(STATE, why="for two seconds it takes all the calls the account has")
@about("get-balance")
def test_who_is_over_the_limit_is_refused_and_let_in_again(run: Run, fmt: str) -> None:
    api, calls = throttled(run), 4 * LIMIT
    began = time.monotonic()
    replies = burst(api, calls, f"/get-balance.{fmt}")
    most = LIMIT * (int(time.monotonic() - began) + 1)
    if most >= calls:
        pytest.skip("the network is too slow for so many calls")
    refused = [each for each in replies if each.status != 200]
    assert LIMIT <= len(replies) - len(refused) <= most
    for each in refused:
        api.was_refused("OVER_LIMIT", each)
        assert "retry-after" not in each.headers
    time.sleep(1.1)
    for each in burst(api, LIMIT, f"/get-balance.{fmt}"):
        api.succeeded(each)


@needs(SANDBOX, why="it would send messages to the limit")
@about("send-sms", "get-message-report")
def test_what_is_over_the_limit_is_dropped(run: Run) -> None:
    api = throttled(run)
    query = f"/send-sms.json?message=hi&to={HANDSETS[0]}"
    taken = sum(each.status == 200 for each in burst(api, 4 * LIMIT, query))
    time.sleep(1.1)
    assert LIMIT <= taken < 4 * LIMIT
    assert api.ok("get-message-report")["messages_total"] == taken


@needs(SANDBOX, why="it takes a second account")
@about("get-balance")
def test_each_account_is_counted_by_itself(run: Run) -> None:
    one, other = throttled(run), throttled(run)
    assert any(each.status == 429 for each in burst(one, 4 * LIMIT))
    for each in burst(other, LIMIT):
        other.succeeded(each)


@needs(SANDBOX, why="it takes an account at the limit")
@about("get-balance")
def test_the_limit_comes_after_path_and_credentials(run: Run) -> None:
    api = throttled(run)
    assert any(each.status == 429 for each in burst(api, 4 * LIMIT))
    for each in burst(api, 3, "/get-nothing.json"):
        api.was_refused("NOT_IMPLEMENTED", each)
    nobody = {"Authorization": None}
    api.was_refused("AUTH_FAILED_NO_DATA", api.request("GET", "/get-balance.json", headers=nobody, patiently=False))
