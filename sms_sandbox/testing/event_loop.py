"""Calls from tests that run on an event loop."""

import socket
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from ..client.errors import SandboxError
from ..client.unpatched import Unpatched
from .callback_listener import CallbackListener

_IS_LISTENING = (socket.SOL_SOCKET, getattr(socket, "SO_ACCEPTCONN", 0))


class AsyncMethods:
    """The methods of an object, to be awaited: `await sandbox.a.advance(hours=1)`.

    Each runs on a thread, while the event loop of asyncio or trio keeps running.
    """

    def __init__(self, target: object) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_") or isinstance(getattr(type(self._target), name, None), property):
            raise AttributeError(f"{name} is not a method of {type(self._target).__name__}")
        method = getattr(self._target, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await _run_on_thread(partial(method, *args, **kwargs))

        return call


async def _run_on_thread(act: Callable[[], Any]) -> Any:
    """Run a function on a thread. If the caller is cancelled, the thread ends by itself, and nothing waits for it."""
    if _runs_trio():
        return await sys.modules["trio"].to_thread.run_sync(act, abandon_on_cancel=True)
    # Not `asyncio.to_thread`: the end of the loop would wait for the thread.
    loop = sys.modules["asyncio"].get_running_loop()
    outcome = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], value: Any) -> None:
        if not outcome.done():
            set_outcome(value)

    def run() -> None:
        set_outcome: Callable[[Any], None] = outcome.set_exception
        try:
            value = act()
            set_outcome = outcome.set_result
        except BaseException as error:  # noqa: BLE001 (raised where it is awaited)
            value = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, set_outcome, value)

    Unpatched.start_thread(partial(copy_context().run, run), ())
    return await outcome


class HasAsyncMethods:
    """An object whose methods can be awaited, too."""

    @property
    def a(self) -> AsyncMethods:
        """Awaitable versions of the methods, for tests that run on an event loop."""
        return AsyncMethods(self)


def check_may_block(call: str) -> None:
    """Raise SandboxError if a blocking call would wait for an app that it stops itself.

    That is an app on the event loop of this thread. An app on another thread or in another process keeps running.
    """
    __tracebackhide__ = True  # a failed test shows the line of the test, not this one
    descriptors = _watched_descriptors()
    ports = _listening_ports(descriptors) - CallbackListener.ports if descriptors else set()
    if ports:
        raise SandboxError(
            f"`{call}` would block the event loop, so what listens on port {min(ports)} could not answer callbacks. "
            f"Write `await sms_sandbox.a.{call}(…)`."
        )


def _watched_descriptors() -> Iterable[int]:
    """Return the files that the running event loop may watch; none if no loop runs on this thread."""
    asyncio = sys.modules.get("asyncio")
    loop = asyncio and asyncio._get_running_loop()
    if loop is not None and hasattr(loop, "_selector"):
        return list(loop._selector.get_map())
    if loop is None and not _runs_trio():
        return []
    # uvloop and trio do not tell, so it is any file of this process. Windows has no such list.
    return [int(name) for name in Unpatched.list_directory("/dev/fd")] if sys.platform != "win32" else []


def _runs_trio() -> bool:
    trio = sys.modules.get("trio")
    return bool(trio and trio.lowlevel.in_trio_run())


def _listening_ports(descriptors: Iterable[int]) -> set[int]:
    """Return the TCP ports that some of these files listen on."""
    ports = set()
    for descriptor in descriptors:
        try:
            opened = Unpatched.socket(fileno=descriptor)
        except OSError:  # no socket
            continue
        try:
            if opened.getsockopt(*_IS_LISTENING) and isinstance(address := opened.getsockname(), tuple):
                ports.add(int(address[1]))
        except OSError:
            continue  # closed by another thread
        finally:
            opened.detach()
    return ports
