"""Completion in a real bash: commands, values, and files."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
eval "$(sms-sandbox completion bash)"
complete_line() {
    COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=()
    compopt() { printf files; }
    _sms_sandbox_completion sms-sandbox
    echo "${COMPREPLY[*]}"
}
"""

LINES = {
    "me": "message messages",
    "clock a": "advance",
    "fault add --st": "--status",
    "tail --kind c": "call callback control",
    "rule add s": "slow soft-bounce",
    "reset mess": "messages",
    "completion f": "fish",
    "import x": "files",
    "export x": "files",
    "report -o x": "files",
    "serve --certs x": "files",
    "messages --ready-file x": "files",
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_values_and_files() -> None:
    lines = "\n".join(f"complete_line sms-sandbox {line}" for line in LINES)
    program = Path(sys.executable).parent
    ran = subprocess.run(
        ["bash", "--norc", "-c", SCRIPT + lines], capture_output=True, text=True, timeout=60, check=True,
        env={"PATH": f"{program}:/usr/bin:/bin"},
    )  # fmt: skip
    assert ran.stderr == ""
    assert dict(zip(LINES, ran.stdout.split("\n"), strict=False)) == LINES
