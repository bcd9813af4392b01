"""The arrows between the rooms: imports go down only, as docs/architecture.md draws them."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

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
MAX_LINES = 300


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


def test_imports_go_down_only() -> None:
    assert {room(path) for path in MODULES} - {"__init__"} <= ARROWS.keys(), "a room has no place in the design"
    assert [
        f"{path.relative_to(ROOT)} may not import {name}"
        for path in MODULES
        for name in ours(path)
        if room(path) != "__init__"
        and not any(name == each or name.startswith(f"{each}.") for each in ARROWS[room(path)] | {room(path)})
    ] == []


def test_the_arrows_make_no_circle() -> None:
    below: dict[str, set[str]] = {room: {each.partition(".")[0] for each in those} for room, those in ARROWS.items()}
    assert find_circle(below) == []


def test_no_modules_import_each_other() -> None:
    """This also holds for imports of types, and for those that are made late."""
    names = {".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__") for path in MODULES}
    below: dict[str, set[str]] = {}
    for path in MODULES:
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        modules = {each if each in names else each.rpartition(".")[0] for each in ours(path)}
        below[name] = modules & names - {name}
    assert len(below) == len(MODULES)
    assert find_circle(below) == []


def find_circle(below: dict[str, set[str]]) -> list[str]:
    """Return what is left when everything is taken away that needs nothing which is left: nothing, or circles."""
    while ends := {name for name, those in below.items() if not those & below.keys()}:
        below = {name: those for name, those in below.items() if name not in ends}
    return sorted(below)


def test_only_app_server_and_cli_read_settings() -> None:
    readers = {room(path) for path in MODULES for name in ours(path) if name.partition(".")[0] == "settings"}
    assert readers - {"settings"} <= {"app", "server", "cli", "client", "tenants", "testing"}


def test_only_store_and_journal_speak_sql() -> None:
    others = [path for path in MODULES if room(path) not in {"store", "journal"}]
    assert [
        (str(path.relative_to(ROOT)), name, names)
        for path in others
        for name, names in imports(path)
        if is_sql(name) and (name, names) != ("sqlalchemy", ["Connection"])
    ] == [], "others need a connection's type at most"


def is_sql(module: str) -> bool:
    """Return True if a module is of a library for databases."""
    return module.partition(".")[0] in {"sqlalchemy", "sqlite3", "psycopg"}


def test_the_domain_needs_the_standard_library_and_two_rule_libraries() -> None:
    known = sys.stdlib_module_names | {"sms_sandbox", "phonenumbers", "gsm0338"}
    assert domain_imports()
    assert [each for each in domain_imports() if each[1].partition(".")[0] not in known] == []


def test_the_domain_has_no_clock_no_chance_and_no_sockets() -> None:
    unwanted = {"time", "random", "secrets", "uuid", "socket", "http", "asyncio", "os", "urllib.request"}
    assert [each for each in domain_imports() if each[1] in unwanted] == []


def domain_imports() -> list[tuple[str, str]]:
    """Return each module of the domain with each module that it imports."""
    return [(path.name, name) for path in (PACKAGE / "domain").glob("*.py") for name, _ in imports(path)]


def test_no_file_is_two_rooms() -> None:
    long = [str(path.relative_to(ROOT)) for path in FILES if len(path.read_text().splitlines()) > MAX_LINES]
    assert long == [], "a file that passes 300 lines is asking to be two"


def test_names_say_what_a_file_is_about() -> None:
    names = {part for path in FILES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & FORBIDDEN_NAMES == set()


def defined_names(path: Path) -> Iterator[str]:
    """Yield the functions and constants of a module; decorated functions are used by their decorators."""
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef(name=name, decorator_list=[]) | ast.AsyncFunctionDef(name=name, decorator_list=[]):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if name.isupper():
                yield name


def test_names_that_no_other_module_uses_begin_with_an_underscore() -> None:
    readers = [*FILES, *ROOT.glob("*.toml"), *ROOT.glob("*.py"), *(ROOT / "docs").glob("*.md")]
    files_of = Counter(word for path in readers for word in set(re.findall(r"\w+", path.read_text())))
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name in defined_names(path)
        if files_of[name] == 1 and not name.startswith(("_", "pytest_"))
    ] == []


def test_the_contract_suite_knows_the_api_by_http_alone() -> None:
    files = [path for path in FILES if path.is_relative_to(ROOT / "contract_tests")]
    assert files
    assert [path.name for path in files for name, _ in imports(path) if name.partition(".")[0] == "sms_sandbox"] == []
