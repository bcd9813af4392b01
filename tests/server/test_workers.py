"""Several processes on the same ports, kept running by a parent."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path

import pytest

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings, SettingsError
from tests.control.traffic_client import Stream
from tests.processes import SandboxProcess, run_process
from tests.receiver import Receiver
from tests.sandbox import fetch
from tests.timing import DEADLINE_SECONDS, eventually

COUNT = 2


@pytest.fixture(scope="module")
def find_parent(
    certificates: Certificates, fresh_postgres: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], SandboxProcess]]:
    """Two processes of one server; another one if a test has killed the last."""
    folder = tmp_path_factory.mktemp("workers")
    seed = folder / "seed.toml"
    seed.write_text('[[lists]]\nname = "Seeded"\n')
    parents: list[SandboxProcess] = []
    with ExitStack() as stack:

        def find() -> SandboxProcess:
            if not parents or parents[-1].process.poll() is not None:
                flags = ["--workers", str(COUNT), "--database", fresh_postgres(), "--delivery-delay", "0"]
                flags += ["--seed-file", str(seed)]
                parents.append(stack.enter_context(run_process(certificates, folder, *flags)))
            return parents[-1]

        yield find


@pytest.fixture
def parent(find_parent: Callable[[], SandboxProcess]) -> SandboxProcess:
    """A running server, on which tests make tenants of their own."""
    return find_parent()


def workers_of(parent: int) -> list[int]:
    """Return the processes that a parent has started, as Linux lists them."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(each) for each in children if b"spawn_main" in command_of(each)]


def command_of(process: str) -> bytes:
    """Return the command line of a process, and nothing if it has ended meanwhile."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def all_serve(parent: SandboxProcess) -> bool:
    """Return True if every process of a server answers for itself."""
    text = fetch(f"{parent.account.ready.http}/metrics").body.decode()
    return all(f'sms_sandbox_process_up{{process="{number}"}} 1.0' in text for number in range(COUNT))


def is_alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def test_sqlite_is_refused_with_the_reason() -> None:
    with pytest.raises(SettingsError, match=r"--workers 2 needs a PostgreSQL .* only one process can have an SQLite"):
        Settings(workers=2)
    Settings(workers=2, database="postgresql://somewhere/else")


def test_one_line_tells_that_all_processes_serve(parent: SandboxProcess) -> None:
    assert parent.account.ready.pid == parent.process.pid
    assert len(workers_of(parent.process.pid)) == COUNT


def test_processes_share_one_throttle(parent: SandboxProcess) -> None:
    tenant = parent.account.tenant(throttle=15)
    tenant.ok("POST", "/clock/freeze", {})
    with ThreadPoolExecutor(8) as pool:
        codes = Counter(pool.map(lambda _: tenant.api("get-balance")["error"]["code"], range(40)))
    assert codes == {"SUCCESS": 15, "OVER_LIMIT": 25}


def test_each_callback_is_sent_once(parent: SandboxProcess, receiver: Receiver) -> None:
    tenant = parent.account.tenant()
    with ThreadPoolExecutor(8) as pool:
        sent = set(pool.map(lambda _: tenant.send(dlr_callback=receiver.url), range(40)))
    assert len(sent) == 40
    receiver.wait_for(40)
    tenant.ok("POST", "/clock/advance", {"hours": 24})  # all retries would be due by then
    assert Counter(int(each["message_id"]) for each in receiver.received) == Counter(sent)


def test_an_advance_waits_for_the_attempts_of_all_processes(parent: SandboxProcess, receiver: Receiver) -> None:
    tenants = [parent.account.tenant() for _ in range(4)]  # so that one process makes an attempt, another the advance
    with ThreadPoolExecutor(8) as pool:
        with receiver.holding():
            list(pool.map(lambda tenant: tenant.send(dlr_callback=receiver.url), tenants * 3))
            receiver.wait_for(12)
            advances = [pool.submit(tenant.ok, "POST", "/clock/advance", {"hours": 24}) for tenant in tenants]
            with pytest.raises(TimeoutError):
                advances[0].result(1)
        for advance in advances:
            advance.result(DEADLINE_SECONDS)
    assert len(receiver.received) == 12
    for tenant in tenants:
        assert {each["state"] for each in tenant.ok("GET", "/callbacks")["callbacks"]} == {"delivered"}


def test_streams_and_waits_see_what_any_process_did(parent: SandboxProcess) -> None:
    tenant = parent.account.tenant()
    with ExitStack() as stack:
        streams = [stack.enter_context(Stream(tenant, kind="call")) for _ in range(6)]
        waits = [{"of": "calls", "where": {"method": "send-sms"}, "count": 6, "timeout_seconds": 20}] * 2
        pool = stack.enter_context(ThreadPoolExecutor(2))
        results = [pool.submit(tenant.ok, "POST", "/wait", each) for each in waits]
        sent = [tenant.send() for _ in range(6)]
        for stream in streams:
            assert [stream.next()["data"]["message_id"] for _ in sent] == sent
        assert [each.result()["ok"] for each in results] == [True, True]


def test_one_scrape_has_the_metrics_of_all_processes(parent: SandboxProcess) -> None:
    tenant = parent.account.tenant()

    def count_calls() -> float:
        text = fetch(f"{parent.account.ready.http}/metrics").body.decode()
        for number in range(COUNT):
            assert f'sms_sandbox_process_up{{process="{number}"}} 1.0' in text
        return sum(
            float(each) for each in re.findall(r'^sms_sandbox_calls_total{.*"get-numbers".*} (.*)', text, re.MULTILINE)
        )

    before = count_calls()
    for _ in range(10):
        tenant.api_ok("get-numbers")
    eventually(lambda: count_calls() >= before + 10)
    assert count_calls() == before + 10


def test_killed_processes_are_replaced_and_calls_go_on(parent: SandboxProcess) -> None:
    before = workers_of(parent.process.pid)
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: not is_alive(before[0]))  # a call that it has accepted is lost
    for _ in range(5):
        parent.account.send()
    eventually(lambda: len(workers_of(parent.process.pid)) == COUNT and before[0] not in workers_of(parent.process.pid))
    assert before[1] in workers_of(parent.process.pid)
    assert f"Process {before[0]} has ended with code -9 and is replaced." in parent.errors.read_text()


def test_a_replaced_process_brings_nothing_back_that_was_removed(parent: SandboxProcess) -> None:
    (seeded,) = parent.account.api_ok("get-lists")["lists"]
    parent.account.api_ok("remove-list", list_id=seeded["id"])
    before = workers_of(parent.process.pid)
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(workers_of(parent.process.pid)) == COUNT and before[0] not in workers_of(parent.process.pid))
    eventually(lambda: all_serve(parent))
    assert parent.account.api_ok("get-lists")["lists_total"] == 0


def test_a_frozen_clock_stays_frozen_if_its_process_dies_in_an_advance(
    parent: SandboxProcess, receiver: Receiver
) -> None:
    tenant = parent.account.tenant(frozen_at="2030-01-31T12:00:00Z")
    tenant.send(dlr_callback=receiver.url)
    with ThreadPoolExecutor(1) as pool, receiver.holding():
        advance = pool.submit(tenant.control, "POST", "/clock/advance", {"hours": 1})
        receiver.wait_for(1)
        before = workers_of(parent.process.pid)
        for process in before:
            os.kill(process, signal.SIGKILL)
        assert isinstance(advance.exception(DEADLINE_SECONDS), (OSError, HTTPException))
    eventually(lambda: len(set(workers_of(parent.process.pid)) - set(before)) == COUNT)
    ends_at = time.monotonic() + 2.5  # by then, the clock of a process that died is set
    while time.monotonic() < ends_at:
        assert tenant.ok("GET", "/clock")["running"] is False
        time.sleep(0.1)


def test_hangup_replaces_each_process_without_a_refused_call(parent: SandboxProcess) -> None:
    before = set(workers_of(parent.process.pid))
    parent.process.send_signal(signal.SIGHUP)
    until = time.monotonic() + DEADLINE_SECONDS
    while before & set(workers_of(parent.process.pid)):
        assert time.monotonic() < until
        assert fetch(f"{parent.account.ready.http}/readyz").status == 200
        parent.account.tenant().send()
    assert len(workers_of(parent.process.pid)) == COUNT


def test_a_mistake_is_reported_once(certificates: Certificates, tmp_path: Path) -> None:
    """A seed file that cannot be read ends the start before any process is started."""
    seed = tmp_path / "seed.toml"
    seed.write_text("accounts = 3")
    flags = ("--workers", "2", "--database", "postgresql://nowhere/none", "--seed-file", str(seed))
    with pytest.raises(AssertionError) as caught, run_process(certificates, tmp_path, *flags):
        pass
    assert str(caught.value).count("seed.toml") == 1


def test_processes_end_with_a_killed_parent(parent: SandboxProcess) -> None:
    workers = workers_of(parent.process.pid)
    assert len(workers) == COUNT
    parent.kill()
    eventually(lambda: not any(map(is_alive, workers)))
