"""Feeds of new traffic entries. A tenant's entries are read once for all streams, and each filter selects from them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ..journal.writer import RECHECK_SECONDS, JournalWriter
from ..store.database import Store

log = logging.getLogger(__name__)

MAX_WAITING_EVENTS = 1_000
"""Events that wait for a reader. A stream that is read too slowly for that is ended."""

IDLE_FACTOR = 10
"""Pause between two looks, as a multiple of the time that a look takes."""

_SECONDS_PER_STREAM = 0.001
"""Part of that pause for each stream, because each costs a write."""

_IDLE_SECONDS = 15.0
"""Longest wait for an entry, if this process writes all of them."""


class Position(NamedTuple):
    """A position in the traffic: when the tenant's ids began with 1, and the last entry.

    A reset lets them begin again. The ids alone would not tell it, if there are as many entries as before by then.
    """

    began: int
    last: int


class Start(NamedTuple):
    """The position at which a stream begins, and the settings at that moment.

    They are None if it does not want to know their changes.
    """

    position: Position
    settings: Hashable


class Batch(NamedTuple):
    """New entries as they are sent, with their ids, and the position after them. Events without an id have 0.

    `settings` are other values whose changes readers want to know, and `changed` is the event that says so; both are
    None if they do not.
    """

    position: Position
    events: Sequence[tuple[int, bytes]]
    settings: Hashable = None
    changed: bytes | None = None

    def with_change(self, before: Hashable) -> "Batch":
        """Return the batch, with the event `changed` if the settings were others `before`."""
        if self.changed is None or self.settings == before:
            return self
        return self._replace(events=[*self.events, (0, self.changed)])


class News(NamedTuple):
    """The result of a look: the entries after a position, and other values that streams need.

    Only the functions that choose from `entries` know their type. `is_last` is True if there are no more at the moment.
    """

    entries: Sequence[Any]
    position: Position
    is_last: bool
    dropped: int
    settings: Hashable
    changed: bytes


ReadNext = Callable[[Connection, Position, bool], News]
"""Reads the entries after a position, with the settings or without. Raises an error of control if the tenant is
gone."""

Choose = Callable[[News], Batch]
"""Chooses the events for streams of one filter."""


class Reader:
    """A stream that reads a feed: its waiting events, and if it has ended."""

    def __init__(self, position: Position) -> None:
        self.position = position
        """The last entry that it has, or that it does not want."""
        self.is_too_slow = False
        self.has_ended = False
        self._batches: deque[Batch] = deque()
        self._count = 0
        self._changed = asyncio.Event()

    def add(self, batch: Batch) -> None:
        """Add events. If too many wait, the reader is too slow, and gets none of them."""
        self._count += len(batch.events)
        if self._count > MAX_WAITING_EVENTS:
            self.is_too_slow = True
            self._batches.clear()
        else:
            self._batches.append(batch)
        self._changed.set()

    def end(self) -> None:
        """End the stream after what waits."""
        self.has_ended = True
        self._changed.set()

    async def next(self, seconds: float) -> bytes:
        """Wait for events, and return all that wait. Nothing if the time is over, or the stream has ended."""
        if not self._batches and not self.is_over:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
        self._changed.clear()
        batches, self._batches, self._count = self._batches, deque(), 0
        return b"".join(event for batch in batches for event in self.take(batch))

    @property
    def has_events(self) -> bool:
        """True if events wait."""
        return bool(self._batches)

    @property
    def is_over(self) -> bool:
        """True if no more events come."""
        return self.is_too_slow or self.has_ended

    def take(self, batch: Batch) -> list[bytes]:
        """Return the events of a batch that the reader does not have yet."""
        began, last = batch.position
        known = self.position.last if self.position.began == began else 0
        self.position = Position(began, max(known, last))
        return [event for id_, event in batch.events if not id_ or id_ > known]


class _Group:
    """Streams with the same filter."""

    def __init__(self, choose: Choose, settings: Hashable) -> None:
        self._choose = choose
        self._settings = settings
        self.wants_settings = settings is not None
        self.readers: set[Reader] = set()

    def add(self, news: News) -> None:
        """Give the streams the events that they want. Streams that are too slow get no more events."""
        batch = self._choose(news).with_change(self._settings)
        self._settings = batch.settings
        if batch.events:
            for reader in list(self.readers):
                reader.add(batch)
                if reader.is_too_slow:
                    self.readers.discard(reader)


class _Feed:
    """New entries of a tenant. They are read as long as there is a reader."""

    def __init__(self, store: Store, journal: JournalWriter, tenant: int, position: Position, read: ReadNext) -> None:
        self._store = store
        self._journal = journal
        self._tenant = tenant
        self._read = read
        self.position = position
        self.groups: dict[Hashable, _Group] = {}
        self.has_ended = False
        self._task = asyncio.create_task(self._run(), name=f"events of tenant {tenant}")

    def stop(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        try:
            with self._journal.listen(self._tenant) as listener:
                while not self._journal.is_closing:
                    began = time.monotonic()
                    is_last = await self._look()
                    readers = sum(len(group.readers) for group in self.groups.values())
                    pause = IDLE_FACTOR * (time.monotonic() - began) + _SECONDS_PER_STREAM * readers
                    await asyncio.sleep(min(pause, RECHECK_SECONDS))
                    if is_last:
                        await listener.wait(_IDLE_SECONDS if self._store.embedded else RECHECK_SECONDS)
        except Exception as error:
            log.debug("A feed of events has ended.", exc_info=error)
        finally:
            self.has_ended = True
            for group in self.groups.values():
                for reader in group.readers:
                    reader.end()

    async def _look(self) -> bool:
        await self._journal.flush()
        with_settings = any(group.wants_settings for group in self.groups.values())
        news = await self._store.run(lambda db: self._read(db, self.position, with_settings))
        self.position = news.position
        for group in list(self.groups.values()):
            group.add(news)
        return news.is_last


class Feeds:
    """All feeds of this process, by their tenant."""

    def __init__(self) -> None:
        self._feeds: dict[int, _Feed] = {}
        self.reader_count = 0

    @asynccontextmanager
    async def read(
        self, store: Store, journal: JournalWriter, tenant: int, wanted: Hashable, start: Start, read: ReadNext,
        choose: Choose,
    ) -> AsyncIterator[tuple[Reader, Position]]:  # fmt: skip
        """Begin to read new entries. Yield the reader, and the position of the feed.

        `wanted` names what is chosen. A new feed begins at `start`.
        """
        position, settings = start
        feed = self._feeds.get(tenant)
        if feed is None or feed.has_ended:
            feed = self._feeds[tenant] = _Feed(store, journal, tenant, position, read)
        group = feed.groups.get(wanted)
        if group is None:
            group = feed.groups[wanted] = _Group(choose, settings)
        reader = Reader(position)
        group.readers.add(reader)
        self.reader_count += 1
        try:
            yield reader, feed.position
        finally:
            self.reader_count -= 1
            group.readers.discard(reader)
            if not group.readers and feed.groups.get(wanted) is group:
                del feed.groups[wanted]
            if not feed.groups:
                feed.stop()
                if self._feeds.get(tenant) is feed:
                    del self._feeds[tenant]
