"""The transaction of a connection to PostgreSQL."""

import fcntl
import socket
from types import SimpleNamespace

import pytest

from sms_sandbox.store import shared_transaction
from sms_sandbox.store.shared_transaction import SharedTransaction
from sms_sandbox.store.tenant_versions import TenantCaches


def test_an_answer_is_seen_on_a_descriptor_above_1023(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_transaction, "monotonic", lambda: -1.0)  # it is not late
    transaction = SharedTransaction(TenantCaches(is_exclusive=False))
    near, far = socket.socketpair()
    with near, far, socket.socket(fileno=fcntl.fcntl(near, fcntl.F_DUPFD, 1100)) as high:
        driver = SimpleNamespace(closed=False, fileno=high.fileno)
        assert not transaction.is_answered(driver, 0.001)
        far.send(b"answer")
        assert transaction.is_answered(driver, 10)
