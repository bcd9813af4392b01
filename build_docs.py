"""A build step that copies the documentation into the package, which serves it.

It copies into the folder of the build only, and empties that first. So no second copy can be stale.
"""

import runpy
import shutil
from pathlib import Path

from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
FOLDER = "sms_sandbox/web/docs"


class BuildWithDocs(build_py):  # type: ignore[misc]  # setuptools may come without types
    """Builds the package, and adds the documentation. An editable installation serves the checkout's own."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            copy_docs(Path(self.build_lib))


def copy_docs(build: Path) -> None:
    """Copy the documentation into the package below a folder. Raises FileNotFoundError if there is none."""
    source = runpy.run_path(str(ROOT / FOLDER / "source.py"))
    bundle = build / FOLDER / source["BUNDLE"]
    shutil.rmtree(bundle, ignore_errors=True)
    files = source["list_files"](ROOT)
    if source["INDEX"] not in files:
        raise FileNotFoundError(
            f"{ROOT / source['INDEX']} is missing, so the documentation can't be part of the package."
        )
    for path in files:
        target = bundle / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
