"""send-sms beside what a user might pick instead: `python -m benchmarks.side_by_side [--svg FILE]`.

The sandbox does all its work: it checks the call, charges it, stores the message, reports its delivery and writes the
traffic. The other tools give each call the same answer. A Starlette application that reads the form is 1.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sms_sandbox.server import certificates as tls

from . import other_tools, processes
from .__main__ import describe_machine
from .bar_chart import Bar, bar_chart
from .figures import DELIVERY_SECONDS, Run, load
from .postgres import postgres_database
from .processes import ServerProcess, control

BASELINE = "Starlette, form echo"


class Server(NamedTuple):
    """A server in the comparison, with the flags of the load generator."""

    running: ServerProcess
    flags: tuple[str, ...] = ()
    is_sandbox: bool = False


class Row(NamedTuple):
    """The medians of a server's rounds: calls a second, their ratio to the baseline, and times in milliseconds."""

    name: str
    per_second: float
    ratio: float
    median_ms: float
    p99_ms: float
    is_sandbox: bool


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.side_by_side", description="Compare with other tools.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the result")
    arguments = parser.parse_args()
    why_not = other_tools.install()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        folder = Path(directory)
        certificates = tls.ensure(folder / "certificates")
        run = Run(certificates, arguments.rounds, arguments.seconds, 1)
        servers = {BASELINE: Server(stack.enter_context(processes.baseline("echo", certificates)))}
        database = stack.enter_context(postgres_database())
        stores = {"memory": (), "SQLite file": (f"sqlite:///{folder}/sandbox.db",), "PostgreSQL": (database,)}
        for name, url in stores.items():
            flags = ("--database", *url) if url else ()
            sandbox = stack.enter_context(processes.sandbox(certificates, *flags))
            control(sandbox, "PATCH", "/account", {"balance": 10_000_000})
            servers[f"sms-sandbox, {name}"] = Server(sandbox, is_sandbox=True)
        for tool in other_tools.TOOLS if why_not is None else ():
            running = stack.enter_context(other_tools.running(tool, certificates, folder / tool.name))
            name = f"{tool.name}, constant" + ("" if tool.has_tls else ", no TLS")
            servers[name] = Server(running, ("--constant", *(() if tool.has_tls else ("--plain",))))
        rows = measure(run, servers)
    print(f"{describe_machine()}; {run.rounds} rounds in turns, 16 connections; medians")
    for row in rows:
        print(f"{row.name:28} {row.per_second:7,.0f}/s {row.ratio:6.2f} {row.median_ms:7.1f} {row.p99_ms:7.1f} ms")
    if why_not:
        print(f"The other tools were left out: {why_not}.")
    if arguments.svg:
        bars = [Bar(row.name, row.ratio, f"{row.ratio:.2f}", row.is_sandbox) for row in rows]
        arguments.svg.write_text(bar_chart("send-sms per second, a form echo in the same run = 1", bars))


def measure(run: Run, servers: dict[str, Server]) -> list[Row]:
    """Measure all servers in turns, so that a slow phase of the machine meets each."""
    results: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
    names = list(servers)
    for number in range(run.rounds):
        for name in (*names[number % len(names) :], *names[: number % len(names)]):
            server = servers[name]
            seconds = ("--lead", "1.2", "--seconds", str(run.seconds))
            results[name].append(load(run, server.running, "send-sms", *seconds, *server.flags))
            if server.is_sandbox:
                time.sleep(DELIVERY_SECONDS)
    base = [per_second(each) for each in results[BASELINE]]
    return [
        Row(
            name,
            median(map(per_second, values)),
            median(per_second(each) / other for each, other in zip(values, base, strict=True)),
            median(each["median"] for each in values) * 1000,
            median(each["p99"] for each in values) * 1000,
            servers[name].is_sandbox,
        )
        for name, values in results.items()
    ]


def per_second(result: dict[str, float]) -> float:
    return result["calls"] / result["seconds"]


if __name__ == "__main__":
    main()
