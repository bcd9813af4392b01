"""Runs of `sms-sandbox doctor`, and their findings."""

import json
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from sms_sandbox.cli.root import main
from tests.sandbox import Account

Findings = list[Mapping[str, str]]


def examine(where: Account, tmp_path: Path, *args: str) -> Result:
    file = tmp_path / "ready.json"
    file.write_text(where.ready.to_json())
    return CliRunner().invoke(main, ["doctor", "--ready-file", str(file), *args], prog_name="sms-sandbox")


def findings(result: Result) -> Findings:
    parsed: Findings = json.loads(result.output)["checks"]
    return parsed


def wrong(result: Result) -> dict[str, Mapping[str, str]]:
    """Return the problems by their subject. The exit code must agree, and each must have an advice."""
    bad = {each["about"]: each for each in findings(result) if each["status"] == "wrong"}
    assert result.exit_code == (1 if bad else 0)
    assert all(each["advice"] for each in bad.values())
    return bad
