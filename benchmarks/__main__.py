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

from .figures import Figure, Run, calls, memory, reports, starting
from .fixtures import fixtures
from .imports import imports
from .stalls import stalls
from .worlds import worlds

GROUPS: dict[str, Callable[[Run], Figure | list[Figure]]] = {
    "start": starting,
    "calls": calls,
    "reports": reports,
    "memory": memory,
    "stalls": stalls,
    "imports": imports,
    "worlds": worlds,
    "fixtures": fixtures,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the sandbox.")
    parser.add_argument("group", nargs="*", help=f"what to measure: {', '.join(GROUPS)}; all, if not given")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, a shorter list")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value of every round there as well")
    given = parser.parse_args()
    if unknown := set(given.group) - set(GROUPS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as directory:
        certificates = tls.ensure(Path(directory))
        rounds, seconds, members = (3, 1.0, 10_000) if given.quick else (5, 2.5, 100_000)
        run = Run(certificates, rounds, seconds, members)
        began, figures = time.monotonic(), []
        print(f"{machine()}; {rounds} rounds in turns with the baseline, medians", flush=True)
        print(HEAD, flush=True)
        for name in given.group or GROUPS:
            found = GROUPS[name](run)
            for figure in [found] if isinstance(found, Figure) else found:
                figures.append(figure)
                print(line(figure), *(f"    {note}" for note in figure.notes), sep="\n", flush=True)
    print(f"{time.monotonic() - began:.0f} s in all; load at the end {os.getloadavg()[0]:.1f}")
    if given.json:
        given.json.write_text(json.dumps(document(figures), indent=2) + "\n")


def machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "sqlalchemy", "aiohttp"))
    return (
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}; {platform.system()}"
        f" {platform.release()}; Python {platform.python_version()}, {libraries}"
    )


def processor() -> str:
    for each in Path("/proc/cpuinfo").read_text().splitlines():
        if each.startswith("model name"):
            return each.partition(": ")[2]
    return platform.machine()


HEAD = f"{'':42} {'sandbox':>12} {'baseline':>12} {'ratio':>7} {'spread':>13}  goal"


def line(figure: Figure) -> str:
    """A row of the table; the spread is the least and the greatest ratio of a round."""
    least, most = min(figure.ratios), max(figure.ratios)
    goal = ""
    if figure.goal is not None:
        than = "≥" if figure.more_is_better else "≤"
        unit = "" if figure.goal_is_ratio else f" {figure.unit}"
        goal = f"{than} {figure.goal:g}{unit}: {'met' if figure.met else 'MISSED'}"
    values = f"{shown(figure.sandbox, figure.unit):>12} {shown(figure.baseline, figure.unit):>12}"
    return f"{figure.name:42} {values} {figure.ratio:7.2f} {least:6.2f}–{most:<6.2f}  {goal}  [{figure.baseline_is}]"


def shown(values: Iterable[float], unit: str) -> str:
    value = median(values)
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def document(figures: list[Figure]) -> dict[str, object]:
    measured = [{**asdict(each), "ratio": each.ratio, "met": each.met} for each in figures]
    return {"machine": machine(), "command": sys.argv[1:], "figures": measured}


if __name__ == "__main__":
    main()
