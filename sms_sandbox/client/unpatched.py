"""Parts of the standard library that tests can't patch.

Tests freeze the time, forbid sockets and replace whole modules. The client works all the same, because it holds its own
references to what lies below those modules. They are attributes of a class, because freezegun looks through the names
of every module.
"""

import subprocess
import sys
from importlib import import_module
from importlib.machinery import FrozenImporter, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any


def _original(module: str, name: str) -> Any:
    """Return a function as it was before gevent replaced it."""
    gevent = sys.modules.get("gevent.monkey")
    return gevent.get_original(module, name) if gevent else getattr(import_module(module), name)


_OS = "nt" if sys.platform == "win32" else "posix"
"""The module below `os`. pyfakefs replaces `os`, maybe before this module is imported."""


_Popen = subprocess.Popen  # gevent makes the original one unusable


def _start_process(*args: Any, **kwargs: Any) -> "subprocess.Popen[bytes]":
    """Start a process as `subprocess.Popen` does, also if pyfakefs has replaced `os` there.

    Its `os` numbers files by itself, so the child would get other files than those it is given.
    """
    names = _Popen._execute_child.__globals__  # type: ignore[attr-defined]  # typeshed leaves it out
    replaced = names["os"]
    if isinstance(replaced, ModuleType):
        return _Popen(*args, **kwargs)
    names["os"] = _copy_of_os()
    try:
        return _Popen(*args, **kwargs)
    finally:
        names["os"] = replaced


def _copy_of_os() -> ModuleType:
    """Return a new copy of the module `os`, which nobody has replaced."""
    spec = FrozenImporter.find_spec("os") or PathFinder.find_spec("os")
    assert spec is not None
    assert spec.loader is not None
    module, path = module_from_spec(spec), sys.modules["os.path"]
    spec.loader.exec_module(module)
    sys.modules["os.path"] = path  # the copy has set its own
    return module


class Unpatched:
    """Functions and types of the operating system."""

    socket = _original("_socket", "socket")
    getaddrinfo = staticmethod(_original("_socket", "getaddrinfo"))
    start_thread = staticmethod(_original("_thread", "start_new_thread"))
    make_lock = staticmethod(_original("_thread", "allocate_lock"))
    monotonic = staticmethod(_original("time", "monotonic"))
    pipe = staticmethod(_original(_OS, "pipe"))
    read = staticmethod(_original(_OS, "read"))
    open = staticmethod(_original(_OS, "open"))
    seek = staticmethod(_original(_OS, "lseek"))
    make_directory = staticmethod(_original(_OS, "mkdir"))
    remove_file = staticmethod(_original(_OS, "unlink"))
    remove_directory = staticmethod(_original(_OS, "rmdir"))
    list_directory = staticmethod(_original(_OS, "listdir"))
    close = staticmethod(_original(_OS, "close"))
    getpid = staticmethod(_original(_OS, "getpid"))
    start_process = staticmethod(_start_process)
