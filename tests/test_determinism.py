"""Tests that equal seeds, times and calls make equal tenants, byte for byte."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.receiver import Receiver
from tests.sandbox import Account, run_sandbox
from tests.tenant_history import make_history

NOON = "2030-01-31T12:00:00Z"
MADE = {"name": "again", "seed": "a seed", "key": "again-key", "secret": "again-secret", "frozen_at": NOON}


@pytest.fixture(scope="module")
def servers(certificates: Certificates, fresh_postgres: Callable[[], str]) -> Iterator[list[Account]]:
    with ExitStack() as stack:
        settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory))
        shared = replace(settings, database=fresh_postgres())
        yield [stack.enter_context(run_sandbox(each)) for each in (settings, shared)]


def export_used_tenant(server: Account, receiver: Receiver) -> bytes:
    """Return the export of a tenant with something of every kind; the tenant is gone."""
    tenant = server.tenant(**MADE)
    make_history(tenant, receiver)
    exported = tenant.control("GET", "/export", with_secrets="true")
    assert exported.status == 200
    server.ok("DELETE", "/tenants/again")
    return exported.body


def test_the_same_calls_make_the_same_bytes(servers: list[Account], receiver: Receiver) -> None:
    embedded, shared = servers
    first = export_used_tenant(embedded, receiver)
    assert_same(first, export_used_tenant(embedded, receiver))
    assert_same(first, export_used_tenant(shared, receiver))


def assert_same(one: bytes, other: bytes) -> None:
    if one == other:
        return
    one_rows, other_rows = json.loads(one), json.loads(other)
    for name in one_rows["tables"]:
        assert one_rows["tables"][name] == other_rows["tables"][name], name
    assert one_rows == other_rows
    assert one == other


def test_the_calls_cause_every_kind_of_event(servers: list[Account], receiver: Receiver) -> None:
    tables: dict[str, list[dict[str, Any]]] = json.loads(export_used_tenant(servers[0], receiver))["tables"]
    assert [name for name, rows in tables.items() if not rows] == ["failed_events"]  # no call can cause one
