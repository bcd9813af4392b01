"""The ready file: written when the server accepts connections, read by clients."""

from pathlib import Path

from ..control.shapes.server_info import ServerInfo
from . import atomic_files


def write_ready_file(path: str | Path, info: ServerInfo) -> None:
    """Write the file in one step, readable by its owner only. Raises OSError."""
    atomic_files.replace_file(Path(path).absolute(), info.to_json().encode(), mode=0o600)
