"""Links the libraries of one extra of the project into a new environment.

pip then finds them installed. A library that the extra does not name is missing, as on a user's machine.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = "sms-sandbox"


def needed(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the names and extras of the libraries that a distribution needs here."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": each}) for each in extras | {""}):
            yield requirement.name.lower(), frozenset(requirement.extras)


def libraries(extra: str) -> Iterator[Distribution]:
    """Yield each library that an extra of the project needs, once."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(PROJECT, frozenset({extra}))]
    while waiting:
        library = waiting.pop()
        if library not in seen:
            seen.add(library)
            waiting += needed(*library)
    for name in {name for name, _ in seen} - {PROJECT}:
        yield distribution(name)


def link(environment: Path) -> None:
    """Link the libraries of the extra `test` into an environment."""
    (packages,) = environment.glob("lib/python*/site-packages")
    for library in libraries("test"):
        for name in {file.parts[0] for file in library.files or () if file.parts[0] not in ("..", "__pycache__")}:
            if not (packages / name).exists():
                (packages / name).symlink_to(str(library.locate_file(name)))


if __name__ == "__main__":
    link(Path(sys.argv[1]))
