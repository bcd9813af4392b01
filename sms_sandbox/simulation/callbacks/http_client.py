"""The one client that calls out: it posts callbacks and fetches files, and only where it may go."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...domain import egress
from ...domain.callbacks import is_success
from ...store.callbacks import Outcome

if TYPE_CHECKING:
    import aiohttp

TIMEOUT = 10.0
"""Seconds for the whole of one try (reference 9.3 assumes as much)."""

KEPT = 500
"""Characters of an answer that are kept."""

MOST_READ = 64 * 1024
"""Bytes of an answer that are read before the connection is dropped."""

FETCH_TIMEOUT = 120.0
"""Seconds for the whole of a file."""

IDLE = 1.0
"""Seconds that a connection is kept for the next call: less than servers do, so that none is closed under one."""

LARGEST_FILE = 64 << 20
"""Bytes of a file, unpacked if it was sent packed."""


@dataclass(frozen=True)
class Posting:
    """One try of one callback, at `at` in its tenant's time."""

    tenant: int
    callback: int
    number: int
    url: str
    signature: str
    at: datetime
    lane: str
    rule: str = ""
    """What made it other than it would have been, as `fault 3`."""
    twice: bool = False
    """Whether it is sent twice, at the same moment."""


class RefusedError(Exception):
    """The address is not one callbacks may go to; the text says why."""


class FetchError(Exception):
    """A file could not be had, or not all of it; the text says why."""


class Courier:
    """Posts callbacks and fetches files over kept-alive connections.

    A host is resolved once for a connection and that very address is connected to; redirects are not followed, the
    time and the size of an answer are capped, and no proxy is taken from the environment.
    """

    def __init__(self, ca_bundle: Path | None = None, allowed_hosts: Collection[str] = ()) -> None:
        self._ca_bundle = ca_bundle
        self._allowed_hosts = allowed_hosts
        self._session: aiohttp.ClientSession | None = None

    async def post(self, posting: Posting) -> Outcome:
        """Send one try and tell how it ended; never raises for what the other side does."""
        began = time.perf_counter()
        status: int | None = None
        kept, error = b"", None
        try:
            async with asyncio.timeout(TIMEOUT):
                status, kept = await self._get(posting)
            if not is_success(status):
                error = f"answered {status}"
        except RefusedError as why:
            error = f"refused: {why}"
        except TimeoutError:
            error = f"timed out after {TIMEOUT:.0f} s"
        except (OSError, self._client_error(), ValueError) as why:
            error = f"{type(why).__name__}: {why}"
        latency = int((time.perf_counter() - began) * 1_000_000)
        text = kept.decode("utf-8", "replace").replace("\x00", "\ufffd")[:KEPT]
        return Outcome(posting.tenant, posting.callback, posting.number, posting.at, status, error, latency, text)

    async def fetch(self, url: str, take: Callable[[bytes], object]) -> None:
        """Get a file and hand it on piece by piece as it comes. Raises FetchError where not all of it can be had."""
        try:
            async with asyncio.timeout(FETCH_TIMEOUT), self._ask(url, {}) as response:
                if not is_success(response.status):
                    response.close()
                    raise FetchError(f"answered {response.status}")
                size = 0
                async for chunk in response.content.iter_chunked(64 * 1024):
                    size += len(chunk)
                    if size > LARGEST_FILE:
                        response.close()
                        raise FetchError(f"larger than {LARGEST_FILE} bytes")
                    take(chunk)
        except RefusedError as why:
            raise FetchError(f"refused: {why}") from why
        except TimeoutError as why:
            raise FetchError(f"timed out after {FETCH_TIMEOUT:.0f} s") from why
        except (OSError, self._client_error(), ValueError) as why:
            raise FetchError(f"{type(why).__name__}: {why}") from why

    async def _get(self, posting: Posting) -> tuple[int, bytes]:
        headers = {"x-transmitsms-signature": posting.signature} if posting.signature else {}
        async with self._ask(posting.url, headers) as response:
            kept, size = b"", 0
            async for chunk in response.content.iter_chunked(16 * 1024):
                kept, size = (kept + chunk)[: KEPT * 4], size + len(chunk)
                if size >= MOST_READ:
                    response.close()
                    break
            return response.status, kept

    def _ask(self, text: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        from yarl import URL

        url = URL(text, encoded=True)
        self._check_literal(url.host or "")
        return self._open().get(url, headers=headers, allow_redirects=False)

    def _check_literal(self, host: str) -> None:
        # aiohttp does not resolve what has no letters, so the resolver below does not see it. That a system takes
        # `2852039166` for 169.254.169.254 is not left to the libraries below.
        if ":" in host or not any(map(str.isalpha, host)):
            self.check(host, host)

    def check(self, address: str, host: str) -> None:
        """Raise RefusedError unless callbacks to `host` may go to `address`."""
        why = egress.refusal_reason(address, host, self._allowed_hosts)
        if why is not None:
            raise RefusedError(why)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            context = ssl.create_default_context(cafile=self._ca_bundle) if self._ca_bundle else True
            connector = aiohttp.TCPConnector(
                limit=0, limit_per_host=0, resolver=_resolver(self), use_dns_cache=False, ssl=context,
                keepalive_timeout=IDLE,
            )  # fmt: skip
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": "sms-sandbox"},
                trust_env=False,
                middlewares=(_once,),
            )
        return self._session

    @staticmethod
    def _client_error() -> type[Exception]:
        import aiohttp

        return aiohttp.ClientError

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: the library sends a GET that was broken off again, and who was called has then heard twice
    of what counts as one try."""
    import aiohttp

    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as why:
        raise aiohttp.ClientConnectionError(str(why)) from why


def _resolver(courier: Courier) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class CheckedResolver(AbstractResolver):
        """Resolves a host and answers only addresses that callbacks may go to."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
            allowed: list[ResolveResult] = []
            refused: RefusedError | None = None
            for resolved_family, _, proto, _, address in found:
                try:
                    courier.check(str(address[0]), host)
                except RefusedError as why:
                    refused = why
                    continue
                allowed.append(
                    ResolveResult(
                        hostname=host, host=str(address[0]), port=port, family=resolved_family, proto=proto,
                        flags=socket.AI_NUMERICHOST,
                    )
                )  # fmt: skip
            if not allowed and refused is not None:
                raise refused
            return allowed

        async def close(self) -> None:
            """Nothing is held."""

    return CheckedResolver()
