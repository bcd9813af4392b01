"""Operations that read and then change a tenant, while another process changes it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

import pytest

from sms_sandbox.control import handsets
from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.sandbox import HANDSET, run_sandbox
from tests.timing import DEADLINE_SECONDS


def test_a_handset_has_one_rule_after_two_processes_changed_it(
    certificates: Certificates, fresh_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=fresh_postgres())
    others: list[Future[Any]] = []
    real = handsets._fate
    with ExitStack() as stack:
        first, second = (stack.enter_context(run_sandbox(settings)) for _ in range(2))
        pool = stack.enter_context(ThreadPoolExecutor(1))

        def change_elsewhere(*args: Any) -> Any:
            """The other process changes the handset, when the first has just read the rules."""
            if not others:
                others.append(pool.submit(second.ok, "PATCH", f"/handsets/{HANDSET}", {"state": "off"}))
                wait(others, 0.5)
            return real(*args)

        monkeypatch.setattr(handsets, "_fate", change_elsewhere)
        first.ok("PATCH", f"/handsets/{HANDSET}", {"state": "disconnected"})
        others[0].result(DEADLINE_SECONDS)
        (rule,) = first.ok("GET", "/rules")["rules"]
    assert rule["match"]["to"] == HANDSET
