"""The throttle that several processes share."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from sms_sandbox.store import throttle
from tests.conftest import FreshTenant
from tests.timing import within_a_second

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def admit(at: FreshTenant, rate: int, account: int = 1) -> bool:
    with at.store.begin() as db:
        return throttle.admit(db, at.tenant, account, rate)


def test_calls_over_the_rate_are_refused_until_a_second_is_over(fresh: FreshTenant) -> None:
    admitted = within_a_second(lambda: [admit(fresh, 3, account) for account in (1, 1, 1, 1, 1, 2)])
    assert admitted == [True, True, True, False, False, True]
    time.sleep(1.05)
    assert [admit(fresh, 3) for _ in range(4)] == [True, True, True, False]


def test_no_rate_is_no_limit(fresh: FreshTenant) -> None:
    assert all(admit(fresh, 0) for _ in range(30))


def test_threads_share_one_window(fresh: FreshTenant) -> None:
    ready = threading.Barrier(4)

    def call(_: int) -> list[bool]:
        ready.wait(10)
        return [admit(fresh, 5) for _ in range(5)]

    with ThreadPoolExecutor(4) as threads:
        admitted = within_a_second(lambda: [each for found in threads.map(call, range(4)) for each in found])
    assert (admitted.count(True), len(admitted)) == (5, 20)
