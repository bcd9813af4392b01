"""A server on a thread of the test's own process."""

import threading

import pytest

from sms_sandbox.server.server import Server
from sms_sandbox.testing import Sandbox, SandboxError, thread_server
from tests.timing import eventually


def test_a_server_that_is_not_ready_in_time_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    before, serve = set(threading.enumerate()), Server.run
    monkeypatch.setattr(
        Server, "run", lambda server, _: serve(server, lambda: None)
    )  # it never reports that it is ready
    monkeypatch.setattr(thread_server, "START_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(SandboxError, match=r"not ready within 0\.5 seconds"):
        Sandbox.start(in_process=True)
    eventually(lambda: set(threading.enumerate()) <= before)
