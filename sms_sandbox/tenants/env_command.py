"""The command with which a shell gets the environment of a client of this server."""

import shutil
import sys
from pathlib import Path

from ..settings import Settings, flag


def env_command(settings: Settings, https: str, ca: Path, shows_secret: bool) -> list[str]:
    """Return the `sms-sandbox env` command that finds this sandbox from any folder."""
    default = Settings()
    command = [*_find_program(), "env", "--certs", str(ca.parent)]
    if (port := https.rpartition(":")[2]) != str(default.https_port):
        command += [flag("https_port"), port]
    if settings.host != default.host:
        command += [flag("host"), settings.host]
    if settings.account[0] != default.account[0]:
        key, secret = settings.pairs[0]
        command += [flag("account"), f"{key}:{secret if shows_secret else 'SECRET'}"]
    return command


def _find_program() -> list[str]:
    """Return how a shell runs `sms-sandbox`: by name if that is on the PATH, else by its place."""
    beside = Path(sys.executable).with_name("sms-sandbox")
    if shutil.which("sms-sandbox"):
        return ["sms-sandbox"]
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "sms_sandbox"]
