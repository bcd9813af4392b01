"""Slow modules are loaded late, so that a start is fast."""

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings


def loaded(program: str) -> set[str]:
    """Return the slow modules that are loaded when a program ends."""
    slow = {"aiohttp", "prometheus_client", "phonenumbers", "trustme", "cryptography", "xml.sax", "psycopg"}
    slow.add("sqlalchemy.dialects.postgresql")
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
"""A program that starts the sandbox of a server; the settings are to be appended."""


def test_a_start_loads_no_slow_module(certificates: Certificates) -> None:
    settings = f"Settings(https_port=0, http_port=0, certs={str(certificates.directory)!r})"
    program = f"import sms_sandbox.cli.root; from sms_sandbox.server.server import Server, Settings; Server({settings})"
    assert loaded(program) - {"xml.sax"} == set()


def test_modules_of_the_first_message_are_loaded_in_the_background() -> None:
    assert loaded("from sms_sandbox.tenants.warm_up import warm_up; warm_up()") >= {
        "aiohttp",
        "phonenumbers",
        "sms_sandbox.api.methods.sms",
    }


def test_with_an_existing_database_the_timeline_runs_before_connections_are_accepted(
    certificates: Certificates, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path / 'old.db'}"
    settings = Settings(https_port=0, http_port=0, certs=str(certificates.directory), database=database)
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") == set()
    assert loaded(f"{STARTING}(Settings(**{asdict(settings)}))") >= {"sms_sandbox.simulation.runner"}
