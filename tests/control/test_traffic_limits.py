"""The lifetime of traffic entries: limits, deletion, resets, and the end of the process."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sms_sandbox.journal.writer import WRITE_INTERVAL_SECONDS
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.control.traffic_client import Stream, entries, ids
from tests.processes import run_process
from tests.sandbox import Account, run_sandbox


def test_deleting_keeps_the_count_of_entries_and_a_reset_does_not(new_tenant: Callable[..., Account]) -> None:
    tenant = new_tenant()
    tenant.api("get-balance")
    tenant.api("get-balance")
    assert tenant.ok("DELETE", "/traffic") == {"cleared": 2}
    tenant.api("get-balance")
    assert ids(tenant) == [4, 3]
    assert tenant.ok("GET", "/traffic")["dropped"] == 0
    tenant.ok("POST", "/tenants/current/reset", {"kinds": ["traffic"]})
    tenant.api("get-balance")
    assert ids(tenant) == [6, 5]
    tenant.ok("POST", "/tenants/current/reset")
    assert ids(tenant) == [1]
    tenant.api("get-balance")
    assert ids(tenant) == [2, 1]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_traffic_has_a_limit_and_counts_dropped_entries(
    kind: str, certificates: Certificates, request: pytest.FixtureRequest
) -> None:
    url = "sqlite://" if kind == "sqlite" else request.getfixturevalue("fresh_postgres")()
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, traffic=10, database=url
    )
    with run_sandbox(settings) as account:
        for _ in range(25):
            account.api("get-balance")
        assert ids(account) == list(range(25, 15, -1))
        assert account.ok("GET", "/traffic")["dropped"] == 15
        with Stream(account, after=3) as stream:
            assert stream.next() == {"event": "dropped", "data": {"count": 12}}
            assert stream.next()["id"] == 16


def test_entries_survive_an_ordinary_end(certificates: Certificates, tmp_path: Path) -> None:
    settings = Settings(
        https_port=0, http_port=0, certs=str(certificates.directory), throttle=0, database=f"sqlite:///{tmp_path}/a.db"
    )
    with run_sandbox(settings) as account:
        for _ in range(3):
            account.api("get-balance")
    with run_sandbox(settings) as account:
        assert ids(account) == [3, 2, 1]


def test_a_killed_process_loses_no_more_than_the_last_moment(certificates: Certificates, tmp_path: Path) -> None:
    database = ("--database", f"sqlite:///{tmp_path}/a.db")
    with run_process(certificates, tmp_path, *database) as first:
        first.account.send("noted")
        time.sleep(WRITE_INTERVAL_SECONDS * 5)
        first.kill()
    with run_process(certificates, tmp_path, *database) as second:
        assert entries(second.account, kind="call")[-1]["request"]["message"] == "noted"
        assert second.account.ok("GET", "/messages", text="noted")["page"]["total"] == 1
