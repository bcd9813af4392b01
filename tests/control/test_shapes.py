"""The wire types alone, as a client loads them."""

import pkgutil
import subprocess
import sys

from sms_sandbox.control import shapes

ROOMS = ("api.routes", "app", "journal", "server", "services", "simulation", "store")
SERVER_ONLY = ("aiohttp", "sqlalchemy", "starlette", "uvicorn", *(f"sms_sandbox.{room}" for room in ROOMS))


def loaded(modules: list[str]) -> set[str]:
    """Return the modules that are loaded when these are imported in a fresh process."""
    script = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", script], text=True).split())


def of_a_server(modules: set[str]) -> set[str]:
    return {name for name in modules if any(name == each or name.startswith(f"{each}.") for each in SERVER_ONLY)}


def test_shapes_need_no_server() -> None:
    modules = [f"{shapes.__name__}.{each.name}" for each in pkgutil.iter_modules(shapes.__path__)]
    assert len(modules) > 10
    assert of_a_server(loaded(modules)) == set()
    assert of_a_server(loaded(["sms_sandbox.store.paging"])) >= {"sqlalchemy", "sms_sandbox.store"}


def test_the_ready_line_needs_no_slow_import() -> None:
    assert "msgspec" not in loaded(["sms_sandbox.control.shapes.server_info"])
