"""The throttle that several processes share."""

import threading
import time

import pytest

from sms_sandbox.store import throttle
from tests.conftest import World

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def admit(at: World, rate: int, account: int = 1) -> bool:
    with at.store.begin() as db:
        return throttle.admit(db, at.tenant, account, rate)


def test_calls_over_the_rate_are_refused_until_a_second_is_over(fresh: World) -> None:
    began = time.monotonic()
    assert [admit(fresh, 3) for _ in range(5)] == [True, True, True, False, False]
    assert admit(fresh, 3, account=2)
    assert time.monotonic() - began < 1
    time.sleep(1.05)
    assert [admit(fresh, 3) for _ in range(4)] == [True, True, True, False]


def test_no_rate_is_no_limit(fresh: World) -> None:
    assert all(admit(fresh, 0) for _ in range(30))


def test_threads_share_one_window(fresh: World) -> None:
    admitted: list[bool] = []
    ready = threading.Barrier(4)

    def call() -> None:
        ready.wait(10)
        admitted.extend(admit(fresh, 5) for _ in range(5))

    threads = [threading.Thread(target=call) for _ in range(4)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if time.monotonic() - began < 1:
        assert (admitted.count(True), len(admitted)) == (5, 20)
