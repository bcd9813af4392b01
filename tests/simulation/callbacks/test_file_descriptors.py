"""The limit of open files, shared by connections and callbacks."""

import errno
import socket
import subprocess
import sys

import pytest

from sms_sandbox.simulation.callbacks import file_descriptors
from sms_sandbox.simulation.callbacks.file_descriptors import (
    ExhaustedError,
    callback_share,
    connection_share,
    raise_if_exhausted,
)


def test_the_limit_is_raised_as_far_as_the_system_allows() -> None:
    code = (
        "import resource; from sms_sandbox.simulation.callbacks.file_descriptors import raise_limit;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 150)); raise_limit();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "(150, 150)\n"


@pytest.mark.parametrize("limit", [20, 64, 256, 1024, 4096, 1 << 20])
def test_callbacks_get_half_at_most_and_all_fit(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_descriptors, "_read_limit", lambda: limit)
    assert 1 <= callback_share() <= max(1, limit // 2)
    assert connection_share() >= 1
    if limit >= 64:
        assert callback_share() + connection_share() < limit


def fail(code: int) -> socket.socket:
    raise OSError(code, "on purpose")


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE])
def test_missing_descriptors_are_not_blamed_on_the_receiver(code: int) -> None:
    with pytest.raises(ExhaustedError):
        raise_if_exhausted(OSError(code, "on purpose"))
    with pytest.raises(ExhaustedError):
        raise_if_exhausted(socket.gaierror(socket.EAI_NONAME, "unknown"), lambda: fail(code))
    raise_if_exhausted(socket.gaierror(socket.EAI_NONAME, "unknown"))
    raise_if_exhausted(socket.gaierror(socket.EAI_NONAME, "unknown"), lambda: fail(errno.ENOBUFS))
    raise_if_exhausted(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
    raise_if_exhausted(ValueError("other"))
