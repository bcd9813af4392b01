"""The arrows between the rooms: imports go down only, as docs/architecture.md draws them."""

import ast
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sms_sandbox"

# A room and those below it that it may enter; files of the package itself are rooms of their own.
ARROWS = {
    "domain": set(),
    "store": {"domain"},
    "journal": {"domain", "store"},
    "services": {"domain", "store", "journal"},
    "simulation": {"domain", "store", "journal", "services"},
    "api": {"domain", "store", "journal", "services"},
    "control": {
        "domain", "store", "journal", "services", "simulation", "api.declare", "api.params", "api.errors",
        "api.render", "api.parity",
    },
    "web": {"domain", "store", "services", "simulation", "api"},
    "settings": {"domain"},
    "tenants": {"domain", "store", "journal", "services", "simulation", "api", "control", "settings"},
    "app": {
        "__version__", "domain", "store", "journal", "services", "simulation", "api", "control", "web", "tenants",
        "settings",
    },
    "server": {
        "app", "tenants.startup", "web.metric_exchange", "simulation.callbacks", "control.shapes",
        "api.asgi_extensions", "settings", "store",
    },
    "client": {"control.PREFIX", "control.shapes", "domain", "settings"},
    "docs_generator": {"domain", "store", "journal", "services", "simulation", "api"},
    "cli": {
        "__version__", "client", "control.shapes", "domain", "docs_generator", "server", "settings", "simulation",
        "store", "tenants",
    },
    "__main__": {"cli"},
    "testing": {"client", "control.shapes", "domain", "server", "settings", "store"},
    "pytest_plugin": {"client", "testing"},
}  # fmt: skip

MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = ("sms_sandbox", "tests", "contract_tests", "benchmarks", "examples")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "base", "core", "common", "manager"}
LONGEST = 300


def room(path: Path) -> str:
    """Return the folder of the package that a module is in, or its own name."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imports(path: Path, root: Path = ROOT) -> Sequence[tuple[str, list[str]]]:
    """Return each module that a file imports by its absolute name, with the names."""
    return tuple(find_imports(path, root))


def find_imports(path: Path, root: Path) -> Iterator[tuple[str, list[str]]]:
    package = list(path.relative_to(root).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((each.name, []) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            whole = ".".join([*above, *(node.module.split(".") if node.module else [])])
            yield whole, [each.name for each in node.names]


def ours(path: Path) -> Iterator[str]:
    """Yield the dotted names below the package that a module imports: modules, or names in them."""
    for name, taken in imports(path):
        if name == "sms_sandbox" or name.startswith("sms_sandbox."):
            below = name.removeprefix("sms_sandbox").lstrip(".")
            yield from (f"{below}.{each}".lstrip(".") for each in taken)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_go_down_only(path: Path) -> None:
    here = room(path)
    if here == "__init__":
        return
    assert here in ARROWS, f"{here} has no place in the design"
    allowed = ARROWS[here] | {here}
    for name in ours(path):
        assert any(name == each or name.startswith(f"{each}.") for each in allowed), f"{here} may not import {name}"


def test_the_arrows_make_no_circle() -> None:
    below: dict[str, set[str]] = {here: {each.partition(".")[0] for each in those} for here, those in ARROWS.items()}
    while below:
        ends = {here for here, those in below.items() if not those & below.keys()}
        assert ends, f"a circle among {sorted(below)}"
        below = {here: those for here, those in below.items() if here not in ends}


def test_only_app_server_and_cli_read_settings() -> None:
    readers = {room(path) for path in MODULES for name in ours(path) if name.partition(".")[0] == "settings"}
    assert readers - {"settings"} <= {"app", "server", "cli", "client", "tenants", "testing"}


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_store_and_journal_speak_sql(path: Path) -> None:
    if room(path) in {"store", "journal"}:
        return
    for name, taken in imports(path):
        if name.partition(".")[0] == "sqlalchemy":
            assert (name, taken) == ("sqlalchemy", ["Connection"]), "others need a connection's type at most"
        assert name.partition(".")[0] not in {"sqlite3", "psycopg"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=named)
def test_the_domain_needs_the_standard_library_and_two_rule_libraries(path: Path) -> None:
    known = sys.stdlib_module_names | {"sms_sandbox", "phonenumbers", "gsm0338"}
    assert {name.partition(".")[0] for name, _ in imports(path)} <= known


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=named)
def test_the_domain_has_no_clock_no_chance_and_no_sockets(path: Path) -> None:
    taken = {name for name, _ in imports(path)}
    assert not taken & {"time", "random", "secrets", "uuid", "socket", "http", "asyncio", "os", "urllib.request"}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_file_is_two_rooms(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST, "a file that passes 300 lines is asking to be two"


@pytest.mark.parametrize("path", FILES, ids=named)
def test_names_say_what_a_file_is_about(path: Path) -> None:
    assert not {*path.relative_to(ROOT).with_suffix("").parts} & FORBIDDEN_NAMES


@pytest.mark.parametrize("path", sorted((ROOT / "contract_tests").rglob("*.py")), ids=named)
def test_the_contract_suite_knows_the_api_by_http_alone(path: Path) -> None:
    assert "sms_sandbox" not in {name.partition(".")[0] for name, _ in imports(path)}
