"""Several processes on one PostgreSQL, and what remains when one of them is killed."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.store.database import Store
from tests.processes import SandboxProcess, run_process
from tests.receiver import Receiver
from tests.sandbox import Account, fetch
from tests.timing import eventually

Pair = tuple[SandboxProcess, SandboxProcess]

pytestmark = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@pytest.fixture
def two(store: Store, postgres_url: str, certificates: Certificates, tmp_path: Path) -> Iterator[Pair]:
    """Two processes on one database, which was empty."""
    shared = ("--database", postgres_url)
    with run_process(certificates, tmp_path, *shared) as one, run_process(certificates, tmp_path, *shared) as other:
        yield one, other


def moment(account: Account) -> datetime:
    return datetime.fromisoformat(account.ok("GET", "/clock")["now"])


@contextmanager
def advancing(one: Account, receiver: Receiver) -> Iterator[ThreadPoolExecutor]:
    """Move the clock in one process, which waits for a slow app."""
    one.ok("PATCH", "/tenants/current", {"delivery_seconds": 30})  # so that the advance alone brings it
    with ThreadPoolExecutor(2) as pool, receiver.holding():
        one.send(dlr_callback=receiver.url)
        pool.submit(one.control, "POST", "/clock/advance", {"seconds": 60})
        receiver.wait_for(1)
        yield pool


def test_a_clock_held_by_a_killed_process_is_resumed_by_another(two: Pair, receiver: Receiver) -> None:
    one, other = two
    with advancing(one.account, receiver):
        stood = moment(other.account)
        assert moment(other.account) == stood
        one.kill()
        eventually(lambda: moment(other.account) > stood)


def test_only_one_process_at_a_time_advances_a_clock(two: Pair, receiver: Receiver) -> None:
    one, other = two
    with advancing(one.account, receiver) as pool:
        stood = moment(other.account)
        behind: Future[Any] = pool.submit(other.account.ok, "POST", "/clock/advance", {"seconds": 3600})
        for _ in range(10):
            assert moment(other.account) == stood
        assert not behind.done()
    moved = behind.result()
    assert datetime.fromisoformat(moved["start"]) > stood
    assert moment(one.account) >= datetime.fromisoformat(moved["end"])


def test_a_session_is_known_to_every_process_until_it_is_ended(
    store: Store, postgres_url: str, certificates: Certificates, tmp_path: Path
) -> None:
    shared = ("--database", postgres_url, "--control-token", "of-both")
    with run_process(certificates, tmp_path, *shared) as one, run_process(certificates, tmp_path, *shared) as other:
        first, second = (each.account.ready.http for each in (one, other))
        signed_in = fetch(f"{first}/_sandbox/sign-in", "POST", "token=of-both")
        cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
        assert fetch(f"{second}/_sandbox/v1/session", headers=cookie).json["operator"] is True
        fetch(f"{second}/_sandbox/sign-out", "POST", headers=cookie)
        assert fetch(f"{first}/_sandbox/v1/session", headers=cookie).status == 401
