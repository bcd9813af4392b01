"""The findings of the doctor."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import click

from ..terminal import escape

Status = Literal["ok", "wrong", "note"]

_AGAIN = "As above."
"""Stands for advice that was given before."""

_COLOURS = {"ok": "green", "wrong": "red", "note": "yellow"}


@dataclass(frozen=True)
class Finding:
    """The result of one check: its subject, the finding, and what to do if something is wrong."""

    about: str
    status: Status
    says: str
    advice: str = ""


def ok(about: str, says: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(about, "ok", says)


def wrong(about: str, says: str, advice: str) -> Finding:
    """Return a finding that something is wrong."""
    return Finding(about, "wrong", says, advice)


def note(about: str, says: str, advice: str = "") -> Finding:
    """Return a finding that may be intended."""
    return Finding(about, "note", says, advice)


def format_findings(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield findings for people. An advice that was given already is not given in full again."""
    given: set[str] = set()
    for finding in findings:
        advice = finding.advice.splitlines()
        fresh = [line for line in advice if line not in given]
        given.update(advice)
        again = [_AGAIN] if len(fresh) < len(advice) else []
        yield _format(replace(finding, advice="\n".join(again + fresh)))


def _format(finding: Finding) -> str:
    status = click.style(finding.status.ljust(5), fg=_COLOURS[finding.status], bold=finding.status == "wrong")
    lines = [f"{status}  {finding.about:13} {escape(finding.says)}"]
    lines += [f"{' ' * 21}-> {line}" for line in finding.advice.splitlines()]
    return "\n".join(lines)
