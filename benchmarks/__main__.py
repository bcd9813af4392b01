"""Run the benchmarks: `python -m benchmarks [--quick] [--json FILE] [FIGURE …]`."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from statistics import median

from sms_sandbox.server import certificates as tls

from .figures import Figure, Run, calls, memory, reports, startup
from .fixtures import fixtures
from .imports import imports
from .page import page
from .resets import resets
from .server_parts import server_parts
from .stalls import stalls
from .tenants import tenants

GROUPS: dict[str, Callable[[Run], Figure | list[Figure]]] = {
    "start": startup,
    "calls": calls,
    "server": server_parts,
    "reports": reports,
    "memory": memory,
    "stalls": stalls,
    "resets": resets,
    "imports": imports,
    "tenants": tenants,
    "page": page,
    "fixtures": fixtures,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the sandbox.")
    parser.add_argument("group", nargs="*", help=f"what to measure: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="run fewer and shorter rounds, with a shorter list")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every value of every round to FILE")
    arguments = parser.parse_args()
    if unknown := set(arguments.group) - set(GROUPS):
        parser.error(f"unknown group: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as directory:
        certificates = tls.ensure(Path(directory))
        rounds, seconds, members = (3, 1.0, 10_000) if arguments.quick else (5, 2.5, 100_000)
        run = Run(certificates, rounds, seconds, members)
        began, figures = time.monotonic(), []
        print(f"{describe_machine()}; {rounds} rounds, alternating with the baseline; medians", flush=True)
        print(HEAD, flush=True)
        for name in arguments.group or GROUPS:
            measured = GROUPS[name](run)
            for figure in [measured] if isinstance(measured, Figure) else measured:
                figures.append(figure)
                print(format_figure(figure), *(f"    {note}" for note in figure.notes), sep="\n", flush=True)
    print(f"{time.monotonic() - began:.0f} s in total; load at the end {os.getloadavg()[0]:.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(as_document(figures), indent=2) + "\n")


def describe_machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "sqlalchemy", "aiohttp"))
    return (
        f"{processor_name()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}; {platform.system()}"
        f" {platform.release()}; Python {platform.python_version()}, {libraries}"
    )


def processor_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


HEAD = f"{'':42} {'sandbox':>12} {'baseline':>12} {'ratio':>7} {'spread':>13}  goal"


def format_figure(figure: Figure) -> str:
    """Return a row of the table. The spread is the smallest and the largest ratio of a round."""
    least, most = min(figure.ratios), max(figure.ratios)
    goal = ""
    if figure.goal is not None:
        than = "≥" if figure.more_is_better else "≤"
        unit = "" if figure.goal_is_ratio else f" {figure.unit}"
        goal = f"{than} {figure.goal:g}{unit}: {'met' if figure.met else 'MISSED'}"
    values = f"{format_value(figure.sandbox, figure.unit):>12} {format_value(figure.baseline, figure.unit):>12}"
    return f"{figure.name:42} {values} {figure.ratio:7.2f} {least:6.2f}–{most:<6.2f}  {goal}  [{figure.baseline_is}]"


def format_value(values: Iterable[float], unit: str) -> str:
    value = median(values)
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def as_document(figures: list[Figure]) -> dict[str, object]:
    measured = [{**asdict(each), "ratio": each.ratio, "met": each.met} for each in figures]
    return {"machine": describe_machine(), "command": sys.argv[1:], "figures": measured}


if __name__ == "__main__":
    main()
