"""Signals within the process that something of a tenant has changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress


class Listener:
    """A task that waits for the signals of a tenant."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._signalled = asyncio.Event()

    def wake(self) -> None:
        """Wake the task. May be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._signalled.set)

    async def wait(self, seconds: float) -> None:
        """Wait until there was a signal, or the time is over."""
        # asyncio.wait_for can swallow a cancellation that comes at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._signalled.wait()
        self._signalled.clear()


class TenantSignal:
    """Wakes the tasks that listen for a tenant."""

    def __init__(self) -> None:
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)

    @contextmanager
    def listen(self, tenant: int) -> Iterator[Listener]:
        """Listen for a tenant. The caller must look up earlier events."""
        listener = Listener()
        self._listeners[tenant].add(listener)
        try:
            yield listener
        finally:
            self._listeners[tenant].discard(listener)
            if not self._listeners[tenant]:
                del self._listeners[tenant]

    def send(self, tenants: Iterable[int]) -> None:
        """Wake all listeners of these tenants. May be called from any thread."""
        if self._listeners:
            for tenant in tenants:
                for listener in list(self._listeners.get(tenant, ())):
                    listener.wake()

    def send_all(self) -> None:
        """Wake all listeners."""
        self.send(list(self._listeners))

    def __len__(self) -> int:
        return sum(map(len, self._listeners.values()))
