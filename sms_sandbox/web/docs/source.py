"""The files of the documentation, in a checkout or in the package.

A build reads this file to know what to copy, so it uses the standard library only.
"""

import posixpath
from pathlib import Path

PATTERNS = ("*.md", "docs/*.md", "docs/*.toml", "docs/images/*", "certs/README.md", "contract_tests/**/README.md")
"""The files that are served, below the root of the project."""

BUNDLE = "bundle"
"""The folder beside this file into which a build copies them. A checkout has none, so no copy there can be stale."""

INDEX = "docs/README.md"
PREFIX = "/_sandbox/docs/"
_OTHERS = "project/"


def find_root() -> Path:
    """Return the folder that holds the files."""
    bundle = Path(__file__).with_name(BUNDLE)
    return bundle if bundle.is_dir() else Path(__file__).parents[3]


def list_files(root: Path) -> list[str]:
    """Return the paths of all files below a root, sorted."""
    return sorted(path.relative_to(root).as_posix() for each in PATTERNS for path in root.glob(each) if path.is_file())


def to_address(path: str) -> str:
    """Return the address of a file.

    Files of the folder docs are right below the prefix, others in a part of their own.
    """
    if path == INDEX:
        return PREFIX
    inside = path.removeprefix("docs/")
    return f"{PREFIX}{inside}" if inside != path else f"{PREFIX}{_OTHERS}{path}"


def to_path(address: str) -> str:
    """Return the path of the file at an address without its prefix."""
    if not address:
        return INDEX
    inside = address.removeprefix(_OTHERS)
    return inside if inside != address else f"docs/{address}"


def resolve(path: str, target: str) -> str:
    """Return the path of the file that a page links to, relative to the root."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
