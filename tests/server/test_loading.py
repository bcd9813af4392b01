"""What is loaded when, so that a start takes little."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings


def loaded(program: str) -> set[str]:
    """Which of the modules that take long are loaded when a program ends."""
    slow = {"aiohttp", "phonenumbers", "trustme", "cryptography", "xml.sax", "psycopg"}
    slow |= {f"sms_sandbox.{each}" for each in ("simulation.runner", "control.routes", "api.methods.sms", "cli.fault")}
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return slow & set(done.stdout.split())


STARTING = """
import asyncio
from sms_sandbox.server.server import Server, Settings

def start(settings):
    server = Server(settings)
    asyncio.run(server.sandbox.start())
start"""
"""A program that starts a server's application, up to the settings it is to have."""


def test_a_start_loads_only_what_the_first_reply_needs(certificates: Certificates) -> None:
    settings = f"Settings(https_port=0, http_port=0, certs={str(certificates.directory)!r})"
    program = f"import sms_sandbox.cli.root; from sms_sandbox.server.server import Server, Settings; Server({settings})"
    assert loaded(program) - {"xml.sax"} == set()


def test_what_the_first_message_needs_is_loaded_in_the_background() -> None:
    assert loaded("from sms_sandbox.app import warm_up; warm_up()") >= {
        "aiohttp",
        "phonenumbers",
        "sms_sandbox.api.methods.sms",
    }


def test_a_tenant_of_old_is_at_work_before_anybody_is_let_in(certificates: Certificates, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'old.db'}"
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=database)
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") == set()
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") >= {"sms_sandbox.simulation.runner"}
