"""Parts of the standard library that tests can't patch.

Tests freeze the time, forbid sockets and replace whole modules. The client works all the same, because it holds its own
references to what lies below those modules. They are attributes of a class, because freezegun looks through the names
of every module.
"""

import _socket
import subprocess
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any


def _copy_of(module: str) -> Any:
    """Return a new copy of a module of Python, which nobody has patched. Tests may do so before they use a sandbox."""
    spec = BuiltinImporter.find_spec(module) or FrozenImporter.find_spec(module) or PathFinder.find_spec(module)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


_OS = _copy_of("nt" if sys.platform == "win32" else "posix")  # the module below `os`
_THREAD = _copy_of("_thread")
_TIME = _copy_of("time")
_Popen = subprocess.Popen  # gevent makes the original one unusable


def _start_process(*args: Any, **kwargs: Any) -> "subprocess.Popen[bytes]":
    """Start a process as `subprocess.Popen` does, also if pyfakefs has replaced `os` there.

    Its `os` numbers files by itself, so the child would get other files than those it is given.
    """
    names = _Popen._execute_child.__globals__  # type: ignore[attr-defined]  # typeshed leaves it out
    replaced = names["os"]
    if isinstance(replaced, ModuleType):
        return _Popen(*args, **kwargs)
    path = sys.modules["os.path"]
    names["os"] = _copy_of("os")
    sys.modules["os.path"] = path  # the copy has set its own
    try:
        return _Popen(*args, **kwargs)
    finally:
        names["os"] = replaced


class Unpatched:
    """Functions and types of the operating system."""

    socket: Any = _socket.socket
    getaddrinfo = staticmethod(_socket.getaddrinfo)
    start_thread = staticmethod(_THREAD.start_new_thread)
    make_lock = staticmethod(_THREAD.allocate_lock)
    monotonic = staticmethod(_TIME.monotonic)
    pipe = staticmethod(_OS.pipe)
    read = staticmethod(_OS.read)
    write = staticmethod(_OS.write)
    open = staticmethod(_OS.open)
    seek = staticmethod(_OS.lseek)
    make_directory = staticmethod(_OS.mkdir)
    remove_file = staticmethod(_OS.unlink)
    remove_directory = staticmethod(_OS.rmdir)
    list_directory = staticmethod(_OS.listdir)
    close = staticmethod(_OS.close)
    getpid = staticmethod(_OS.getpid)
    start_process = staticmethod(_start_process)
