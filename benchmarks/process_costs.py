"""Processor time of a send, in the sandbox's processes and in PostgreSQL: `python -m benchmarks.process_costs`.

A send here is the call, its delivery report, the callback with it, and their traffic. Processor time says how many
cores a load needs, whatever else runs on the machine.
"""

import argparse
import os
import re
import tempfile
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from sms_sandbox.server import certificates as tls
from tests.postgres import postgres_database, server_folder

from .kill_loop import Load, under_load, wait_for_answers
from .processes import TICK, children

WARM_UP_SECONDS = 3.0


def measure(certificates: tls.Certificates, database: str, workers: int, clients: int, seconds: float) -> str:
    """Return a line of the table."""
    with under_load(certificates, database, workers, clients) as load, load.sending():
        wait_for_answers(load.clients)
        time.sleep(WARM_UP_SECONDS)
        before, began = _state(load, workers), time.monotonic()
        time.sleep(seconds)
        after, took = _state(load, workers), time.monotonic() - began
    sends, ours, theirs, pieces, transactions = (new - old for new, old in zip(after, before, strict=True))
    return (
        f"| {workers} | {clients} | {sends / took:.0f} | {ours / sends * 1e6:.0f} µs | {theirs / sends * 1e6:.0f} µs | "
        f"{pieces / transactions:.1f} |"
    )


def _state(load: Load, workers: int) -> tuple[float, ...]:
    """Return the counters that `_costs` compares.

    They are the sends so far, the processor time of the sandbox and of PostgreSQL, pieces and transactions.
    """
    parent = load.servers.server.process.pid
    ours = [parent] if workers == 1 else children(parent)
    with urllib.request.urlopen(f"{load.servers.server.http}/metrics") as reply:
        metrics = reply.read().decode()
    pieces, transactions = (
        sum(map(float, re.findall(rf"^sms_sandbox_transaction_pieces_{what}\S* (.*)", metrics, re.MULTILINE)))
        for what in ("sum", "count")
    )
    sends = sum(len(client.answered) for client in load.clients)
    return sends, _cpu(ours), _cpu(_find_postgres()), pieces, transactions


def _find_postgres() -> list[int]:
    postmaster = (server_folder() / "data" / "postmaster.pid").read_text().split()[0]
    return [int(each) for each in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()]


def _cpu(processes: Iterable[int]) -> float:
    total = 0
    for each in processes:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.process_costs", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    os.environ.setdefault("PYTEST_XDIST_TESTRUNUID", uuid4().hex)  # the folder of the database is named after it
    print("| Processes | Connections | Sends a second | Sandbox, for a send | PostgreSQL, for a send | Pieces |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory, postgres_database() as url:
        certificates = tls.ensure(Path(directory))
        for workers, clients in ((1, 1), (1, 16), (2, 16)):
            print(measure(certificates, url, workers, clients, arguments.seconds), flush=True)


if __name__ == "__main__":
    main()
