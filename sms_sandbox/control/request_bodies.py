"""Bodies of control requests. Large ones are received into files, and only a few at a time."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryFile
from typing import IO

from starlette.requests import Request

from .declare import MAX_BODY_BYTES
from .errors import ControlError

MAX_LARGE_BODIES = 2
"""Bodies above the usual limit that are received, and worked on, at the same time."""


class RequestBodies:
    """Reads bodies, and counts the large ones that are in work."""

    def __init__(self) -> None:
        self._large = 0

    @asynccontextmanager
    async def read(self, request: Request, max_bytes: int) -> AsyncIterator[bytes]:
        """Yield a body. Raises ControlError if it is too large, or one of too many large ones."""
        # Starlette 1.3, the oldest version that we allow, has no limit. Later ones refuse in their own words.
        body = bytearray()
        chunks = request.stream()
        async for chunk in chunks:
            body += chunk
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            if len(body) > MAX_BODY_BYTES:
                break
        else:
            yield bytes(body)
            return
        with self._count():
            with TemporaryFile() as file:
                file.write(body)
                await _receive(chunks, file, max_bytes)
                file.seek(0)
                content = file.read()
            yield content

    @contextmanager
    def _count(self) -> Iterator[None]:
        if self._large >= MAX_LARGE_BODIES:
            raise ControlError("too_many", f"{MAX_LARGE_BODIES} large documents are in work; try again later.")
        self._large += 1
        try:
            yield
        finally:
            self._large -= 1


async def _receive(chunks: AsyncIterator[bytes], file: IO[bytes], max_bytes: int) -> None:
    size = file.tell()
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        file.write(chunk)


def _too_large(max_bytes: int) -> ControlError:
    return ControlError("too_large", f"The body has more than {max_bytes} bytes.")
