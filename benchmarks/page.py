"""The lists and filters of the page, with as many messages as people keep."""

import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from sms_sandbox.services import new_tenant
from sms_sandbox.store import accounts, callbacks, messages, recipients
from sms_sandbox.store.accounts import NewAccount
from sms_sandbox.store.callbacks import NewCallback
from sms_sandbox.store.messages import NewMessage
from sms_sandbox.store.real_time import real_now
from sms_sandbox.store.recipients import NewRecipient
from sms_sandbox.store.schema import open_store
from sms_sandbox.store.tenants import NewTenant

from .figures import Figure, Run
from .processes import ServerProcess, sandbox
from .tenants import ask, open_control_connection

FEW_MESSAGES = 1_000

READS_PER_ROUND = 20
"""Reads of each list or filter in a round."""

PATHS = (
    "/messages", "/messages?text=parcel+99", "/messages?text=no+such+text", "/messages?number=61412000777",
    "/messages?status=pending", "/messages?status=hard-bounce", "/messages?sender=SHOP", "/messages?list=7",
    "/messages?since=2030-01-01T00:00:00Z", "/messages?page=900",
    "/handsets?max=6", "/handsets", "/handsets?number=0777", "/handsets/61412000777", "/handsets/61412000777/texts",
    "/callbacks", "/callbacks?event=reply", "/callbacks?state=given-up", "/callbacks?msisdn=61412000777",
)  # fmt: skip
"""The reads of the views of handsets, messages and callbacks."""


def page(run: Run) -> Figure:
    """Time the reads of the page, with very many messages and with few."""
    name = f"p95 of the page's filters, {run.members:,} messages"
    figure = Figure(name, "ms", f"the same, {FEW_MESSAGES:,}", 200, goal_is_ratio=False, more_is_better=False)
    with TemporaryDirectory() as directory:
        databases = [f"sqlite:///{Path(directory) / name}.db" for name in ("many", "few")]
        for database, count in zip(databases, (run.members, FEW_MESSAGES), strict=True):
            fill(database, count)
        with (
            sandbox(run.certificates, "--database", databases[0]) as many,
            sandbox(run.certificates, "--database", databases[1]) as few,
        ):
            for _ in range(run.rounds):
                slowest = {}
                for server, values in ((few, figure.baseline), (many, figure.sandbox)):
                    times = {path: p95(server, path) for path in PATHS}
                    slowest = {path: times[path] for path in sorted(times, key=times.__getitem__)[-3:]}
                    values.append(max(times.values()) * 1000)
    figure.notes.append("the slowest: " + ", ".join(f"{path} {took * 1000:.0f} ms" for path, took in slowest.items()))
    return figure


def fill(database: str, count: int) -> None:
    """Create a database file whose tenant has sent messages, each to another handset, with callbacks."""
    store, now = open_store(database), real_now()
    with store.begin() as db:
        account = NewAccount("sandbox-key", "sandbox-secret", throttle=0)
        tenant = new_tenant.create(db, NewTenant("default", "sandbox default"), account, now).id
        owner = accounts.find_first(db, tenant)
        assert owner is not None
        reports: list[NewCallback] = []
        for number in range(count):
            at = now - timedelta(seconds=count - number)
            new = NewMessage(owner.id, f"Your parcel {number} is on its way.", "61491570112", at, at)
            message = messages.new_id(db, tenant)
            messages.add(db, tenant, message, new, 1, 1, 87, messages.SENT)
            first = recipients.new_ids(db, tenant, 1)
            msisdn = f"614{12000000 + number}"
            recipients.add(db, tenant, owner.id, message, at, first, [NewRecipient(msisdn)])
            reports.append(NewCallback(owner.id, "dlr", "http://localhost:9/reports", "", message, msisdn, at))
        callbacks.add(db, tenant, reports)
    store.close()


def p95(server: ServerProcess, path: str) -> float:
    """Return the 95th percentile of the seconds that a read takes."""
    took = []
    with closing(open_control_connection(server)) as calls:
        for _ in range(READS_PER_ROUND):
            began = time.perf_counter()
            ask(calls, "GET", path)
            took.append(time.perf_counter() - began)
    return quantiles(took, n=20)[-1]
