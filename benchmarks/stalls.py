"""The delay of other calls while a message is sent to a long list."""

import http.client
import json
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, contacts
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.tenants import NewTenant

from .figures import AUTHORIZATION, Figure, Run, load_command
from .processes import TIMEOUT_SECONDS, ServerProcess, first_line, python, sandbox

MAX_WORK_SECONDS = 300.0
"""Longest time for sending to the list or importing the file."""


def stalls(run: Run) -> Figure:
    """Time a client's calls on an idle server and during a send to a list. They are a few milliseconds apart."""
    name = f"longest call while sending to {run.members:,}"
    figure = Figure(name, "ms", "the same calls, idle", 50, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        database = f"sqlite:///{Path(directory) / 'stalls.db'}"
        list_id = create_list(database, run.members)
        with sandbox(run.certificates, "--database", database) as server:
            idle = calls_during(run, server, lambda: time.sleep(run.seconds))
            took: list[float] = []
            busy = calls_during(run, server, lambda: took.append(send_to(run, server, list_id)))
    figure.baseline.append(idle["longest"] * 1000)
    figure.sandbox.append(busy["longest"] * 1000)
    for result, when in ((idle, "idle"), (busy, "while sending")):
        times = ", ".join(f"{word} {result[word] * 1000:.1f} ms" for word in ("median", "p99", "longest"))
        figure.notes.append(f"{when}: {times} of {result['calls']} calls")
    speed = run.members / median(took)
    figure.notes.append(f"{took[0]:.1f} s until the last report, {speed:.0f} recipients per second")
    return figure


def create_list(database: str, members: int) -> int:
    """Create a database file whose default account has a long list. Return the list's id."""
    store, now = open_store(database), real_now()
    with store.begin() as db:
        account = NewAccount("sandbox-key", "sandbox-secret", balance=10**15, throttle=0)
        tenant = new_tenant.create(db, NewTenant("default", "sandbox default"), account, now)
        owner = accounts.find_first(db, tenant.id)
        assert owner is not None
        list_ = contacts.add_list(db, tenant.id, owner.id, "Everybody", {}, now)
        for number in range(members):
            contacts.add_member(db, tenant.id, list_.id, f"614{12000000 + number}", ("Ann", "Other"), {}, now)
    store.close()
    return list_.id


def calls_during(run: Run, server: ServerProcess, work: Any) -> dict[str, Any]:
    """Return the timing of get-balance calls while `work` runs."""
    command = load_command(run, server, "get-balance")
    with python(*command, "--connections", "1", "--pause", "0.002", stdin=subprocess.PIPE) as process:
        time.sleep(1)  # the process needs time to start, and does not count its first calls
        work()
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        result: dict[str, Any] = json.loads(first_line(process))
    return result


def open_api(run: Run, server: ServerProcess) -> tuple[http.client.HTTPSConnection, Callable[..., Any]]:
    """Open a keep-alive connection. Return it with a function that calls the API on it."""
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=TIMEOUT_SECONDS)

    def api(method: str, **form: Any) -> Any:
        headers = {**AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
        call.request("POST", f"/{method}.json", urlencode(form), headers)
        return json.load(call.getresponse())

    return call, api


def send_to(run: Run, server: ServerProcess, list_id: int) -> float:
    """Send to the list, and return the seconds until the last delivery report."""
    call, api = open_api(run, server)
    began = time.perf_counter()
    sent = api("send-sms", message="Hello everybody", list_id=list_id)
    assert sent["recipients"] == run.members, sent
    while time.perf_counter() - began < MAX_WORK_SECONDS:
        if api("get-sms", message_id=sent["message_id"])["delivery_stats"]["delivered"] == run.members:
            call.close()
            return time.perf_counter() - began
        time.sleep(0.2)
    raise TimeoutError(f"Sending to the list took longer than {MAX_WORK_SECONDS:.0f} s.")
