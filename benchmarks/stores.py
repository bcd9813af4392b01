"""Calls on each store, by the number of connections and of processes: `python -m benchmarks.stores`.

The ratio is that of calls per second to those of a Starlette application that reads the same form, at as many
connections. It answers get-user-sms-sent, of which it knows nothing, with a balance.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sms_sandbox.server import certificates as tls

from . import processes
from .__main__ import describe_machine
from .figures import DELIVERY_SECONDS, Run, load
from .load import account_credentials
from .postgres import postgres_database
from .processes import ServerProcess, control

CALLS = ("send-sms", "get-balance", "get-user-sms-sent")
CONNECTIONS = (1, 16, 64)
ACCOUNTS = 100
"""Accounts that call in turn, each of a tenant of its own."""

BASELINE = "form echo"


class Case(NamedTuple):
    """A server with the calls that it gets."""

    name: str
    server: ServerProcess
    call: str
    connections: int
    accounts: int = 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stores", description="Compare the stores.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        folder = Path(directory)
        run = Run(tls.ensure(folder / "certificates"), arguments.rounds, arguments.seconds, 1)
        cases = list(start_all(run, folder, stack))
        results: dict[Case, list[dict[str, float]]] = {case: [] for case in cases}
        for _ in range(run.rounds):
            for case in cases:
                results[case].append(measure(run, case))
    print(f"{describe_machine()}; {run.rounds} rounds in turns; medians")
    print(f"{'connections':>49} {'calls/s':>8} {'ratio':>6} {'median':>10} {'p99':>10}")
    for case, values in results.items():
        base = next(each for each in cases if is_baseline_of(each, case))
        print(format_row(case, values, results[base]))


def start_all(run: Run, folder: Path, stack: ExitStack) -> Iterator[Case]:
    """Start the servers, and yield what they are to be measured with."""
    echo = stack.enter_context(processes.baseline("echo", run.certificates))
    stores = {
        "memory": (),
        "SQLite file": ("--database", f"sqlite:///{folder}/sandbox.db"),
        "PostgreSQL": ("--database", stack.enter_context(postgres_database())),
        "PostgreSQL, two processes": ("--database", stack.enter_context(postgres_database()), "--workers", "2"),
    }
    servers = {name: stack.enter_context(processes.sandbox(run.certificates, *flags)) for name, flags in stores.items()}
    for server in servers.values():
        control(server, "PATCH", "/account", {"balance": 10_000_000})
    for call, connections in product(CALLS, CONNECTIONS):
        yield Case(BASELINE, echo, call, connections)
        for name, server in servers.items():
            yield Case(name, server, call, connections)
    for name in list(servers)[2:]:
        for number in range(1, ACCOUNTS):
            key, secret = account_credentials(number)
            control(servers[name], "POST", "/tenants", {"key": key, "secret": secret, "balance": 10_000_000})
        for connections in CONNECTIONS[1:]:
            yield Case(f"{name}, {ACCOUNTS} accounts", servers[name], "send-sms", connections, ACCOUNTS)


def measure(run: Run, case: Case) -> dict[str, float]:
    flags = ["--connections", str(case.connections), "--accounts", str(case.accounts), "--seconds", str(run.seconds)]
    is_echo = case.name == BASELINE
    call = "get-balance" if is_echo and case.call != "send-sms" else case.call
    result = load(run, case.server, call, "--lead", "0.5", *flags)
    if case.call == "send-sms" and not is_echo:
        time.sleep(DELIVERY_SECONDS)
    return result


def is_baseline_of(base: Case, case: Case) -> bool:
    return base.name == BASELINE and (base.call, base.connections) == (case.call, case.connections)


def format_row(case: Case, values: list[dict[str, float]], base: list[dict[str, float]]) -> str:
    speeds, base_speeds = ([each["calls"] / each["seconds"] for each in these] for these in (values, base))
    ratio = median(mine / other for mine, other in zip(speeds, base_speeds, strict=True))
    times = (f"{median(each[which] for each in values) * 1000:7.1f} ms" for which in ("median", "p99"))
    name = f"{case.call}, {case.name}"
    return f"{name:46} {case.connections:>3} {median(speeds):8,.0f} {ratio:6.2f} {' '.join(times)}"


if __name__ == "__main__":
    main()
