"""How long other calls wait while a message goes to a long list."""

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

from sms_sandbox.domain.clock import real_now
from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, contacts
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.tenants import NewTenant

from .figures import AUTHORIZATION, Figure, Run, load_command
from .processes import PATIENCE, Running, first_line, python, sandbox

LONGEST = 300.0
"""Seconds that sending to the whole list may take."""


def stalls(run: Run) -> Figure:
    """Calls of one client, a few milliseconds apart, when nothing happens and while a list is sent to."""
    name = f"longest call while sending to {run.members:,}"
    figure = Figure(name, "ms", "the same calls, idle", 50, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        database = f"sqlite:///{Path(directory) / 'stalls.db'}"
        list_id = make_list(database, run.members)
        with sandbox(run.certificates, "--database", database) as server:
            idle = calls_during(run, server, lambda: time.sleep(run.seconds))
            took: list[float] = []
            busy = calls_during(run, server, lambda: took.append(send_to(run, server, list_id)))
    figure.baseline.append(idle["longest"] * 1000)
    figure.sandbox.append(busy["longest"] * 1000)
    for told, when in ((idle, "idle"), (busy, "while sending")):
        shown = ", ".join(f"{word} {told[word] * 1000:.1f} ms" for word in ("median", "p99", "longest"))
        figure.notes.append(f"{when}: {shown} of {told['calls']} calls")
    figure.notes.append(f"to the last report {took[0]:.1f} s, {run.members / median(took):.0f} recipients a second")
    return figure


def make_list(database: str, members: int) -> int:
    """A database file with a default account that has a long list; the list's id."""
    store, now = open_store(database), real_now()
    with store.begin() as db:
        account = NewAccount("sandbox-key", "sandbox-secret", balance=10**15, throttle=0)
        tenant = new_tenant.found(db, NewTenant("default", "sandbox default"), account, now)
        owner = accounts.first_of(db, tenant.id)
        assert owner is not None
        made = contacts.add_list(db, tenant.id, owner.id, "Everybody", {}, now)
        for number in range(members):
            contacts.add_member(db, tenant.id, made.id, f"614{12000000 + number}", ("Ann", "Other"), {}, now)
    store.close()
    return made.id


def calls_during(run: Run, server: Running, work: Any) -> dict[str, Any]:
    """How get-balance is answered while `work` goes on."""
    command = load_command(run, server, "get-balance")
    with python(*command, "--connections", "1", "--pause", "0.002", stdin=subprocess.PIPE) as process:
        time.sleep(1)  # for the process to start; its own lead is not counted
        work()
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        told: dict[str, Any] = json.loads(first_line(process))
    return told


def caller(run: Run, server: Running) -> tuple[http.client.HTTPSConnection, Callable[..., Any]]:
    """A kept-alive connection to the server, to be closed, and what calls the API over it."""
    context = ssl.create_default_context(cafile=run.certificates.ca)
    call = http.client.HTTPSConnection("localhost", server.https_port, context=context, timeout=PATIENCE)

    def api(method: str, **form: Any) -> Any:
        headers = {**AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
        call.request("POST", f"/{method}.json", urlencode(form), headers)
        return json.load(call.getresponse())

    return call, api


def send_to(run: Run, server: Running, list_id: int) -> float:
    """Send to the list; the seconds until the last report."""
    call, api = caller(run, server)
    began = time.perf_counter()
    sent = api("send-sms", message="Hello everybody", list_id=list_id)
    assert sent["recipients"] == run.members, sent
    while time.perf_counter() - began < LONGEST:
        if api("get-sms", message_id=sent["message_id"])["delivery_stats"]["delivered"] == run.members:
            call.close()
            return time.perf_counter() - began
        time.sleep(0.2)
    raise TimeoutError(f"The list was not sent to in {LONGEST:.0f} s.")
