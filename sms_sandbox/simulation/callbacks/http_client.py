"""The HTTP client for callbacks and files, which connects to allowed addresses only."""

from __future__ import annotations

import asyncio
import errno
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...domain.callbacks import USER_AGENT, is_success
from ...domain.receiver import is_receiver
from ...store.callbacks import Outcome
from .destinations import Destinations, RefusedError
from .file_descriptors import are_scarce, raise_if_exhausted

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

ATTEMPT_TIMEOUT_SECONDS = 10.0
"""Limit for a whole attempt (reference 9.3 assumes this much)."""

MAX_KEPT_CHARACTERS = 500
"""Length of the part of a response that is kept."""

_MAX_READ_BYTES = 64 * 1024
"""Limit for a response, after which the connection is closed."""

FETCH_TIMEOUT_SECONDS = 120.0
"""Limit for a whole file."""

_IDLE_SECONDS = 1.0
"""Time that an idle connection is kept. Servers keep theirs longer, so none is closed while it is being used."""

MAX_FILE_BYTES = 64 << 20
"""Limit for a file, decompressed if it was sent compressed."""


class CallbackRequest(Struct, frozen=True):
    """The request of a callback attempt, made `at` a time on its tenant's clock.

    `began` is the same moment in microseconds of real time.
    """

    tenant: int
    callback: int
    number: int
    began: int
    url: str
    signature: str
    at: datetime
    lane: str
    rule: str = ""
    """The name of the fault that changed it, as `fault 3`."""
    duplicate: bool = False
    """True if it is sent twice at the same time."""


class FetchError(Exception):
    """A file that could not be fetched completely; the text says why."""


class CallbackClient:
    """Sends callbacks and fetches files over kept-alive connections.

    A host is resolved once for a connection, which is then made to exactly that address. Redirects are not followed,
    the time and size of a response are limited, and proxies in the environment are ignored.
    """

    def __init__(self, ca_bundle: Path | None = None, destinations: Destinations | None = None) -> None:
        self._ca_bundle = ca_bundle
        self._destinations = destinations or Destinations()
        self._sessions: dict[Destinations, aiohttp.ClientSession] = {}
        self._to_receiver = self._destinations.for_receiver()

    async def send(self, request: CallbackRequest) -> Outcome:
        """Make one attempt and return its outcome.

        Never raises for errors of the receiver; raises ExhaustedError if this process can open no connection.
        """
        began = time.perf_counter()
        status: int | None = None
        kept, error = b"", None
        try:
            async with asyncio.timeout(ATTEMPT_TIMEOUT_SECONDS):
                status, kept = await self._get(request)
            if not is_success(status):
                error = f"answered {status}"
        except RefusedError as reason:
            error = f"refused: {reason}"
        except TimeoutError:
            error = f"timed out after {ATTEMPT_TIMEOUT_SECONDS:.0f} s"
        except (OSError, self._client_error(), ValueError) as failure:
            raise_if_exhausted(failure)
            error = _describe(failure)
        latency = int((time.perf_counter() - began) * 1_000_000)
        text = kept.decode("utf-8", "replace").replace("\x00", "\ufffd")[:MAX_KEPT_CHARACTERS]
        return Outcome(
            request.tenant, request.callback, request.number, request.began, request.at, status, error, latency, text
        )  # fmt: skip

    async def fetch(self, url: str, take: Callable[[bytes], object]) -> None:
        """Fetch a file, passing each chunk to `take`. Raises FetchError if it is not complete."""
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_SECONDS), self._request(url, {}) as response:
                if not is_success(response.status):
                    response.close()
                    raise FetchError(f"answered {response.status}")
                size = 0
                async for chunk in response.content.iter_chunked(64 * 1024):
                    size += len(chunk)
                    if size > MAX_FILE_BYTES:
                        response.close()
                        raise FetchError(f"larger than {MAX_FILE_BYTES} bytes")
                    take(chunk)
        except RefusedError as error:
            raise FetchError(f"refused: {error}") from error
        except TimeoutError as error:
            raise FetchError(f"timed out after {FETCH_TIMEOUT_SECONDS:.0f} s") from error
        except (OSError, self._client_error(), ValueError) as error:
            raise FetchError(_describe(error)) from error

    async def _get(self, request: CallbackRequest) -> tuple[int, bytes]:
        headers = {"x-transmitsms-signature": request.signature} if request.signature else {}
        async with self._request(request.url, headers, auto_decompress=False) as response:
            kept = await self._read_part(response)
            return response.status, _decompress(kept, response.headers.get("content-encoding", ""))

    async def _read_part(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the part of a body that is kept. A body that is cut or too long decides nothing (reference 9.3)."""
        kept, size = b"", 0
        try:
            async for chunk in response.content.iter_chunked(16 * 1024):
                kept, size = (kept + chunk)[: MAX_KEPT_CHARACTERS * 4], size + len(chunk)
                if size >= _MAX_READ_BYTES:
                    response.close()
                    break
        except (OSError, self._client_error(), ValueError):
            response.close()
        return kept

    def _request(
        self, text: str, headers: Mapping[str, str], auto_decompress: bool = True
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        url = _read_url(text)
        destinations = self._to_receiver if is_receiver(url.raw_path) else self._destinations
        destinations.check_host(url.raw_host or "", url.port or 0)
        return self._open(destinations).get(
            url, headers=headers, allow_redirects=False, auto_decompress=auto_decompress
        )

    def _open(self, destinations: Destinations) -> aiohttp.ClientSession:
        """Return the session of these destinations.

        Each has connections of its own: one that was made to the receiver must not serve another path of this server.
        """
        if destinations not in self._sessions:
            import aiohttp

            context = ssl.create_default_context(cafile=self._ca_bundle) if self._ca_bundle else True
            from .response_heads import HeadReducer

            connector = aiohttp.TCPConnector(
                limit=0, limit_per_host=0, resolver=destinations.resolver(), use_dns_cache=False, ssl=context,
                **({"force_close": True} if are_scarce() else {"keepalive_timeout": _IDLE_SECONDS}),
            )  # fmt: skip
            create: Any = partial(HeadReducer, loop=asyncio.get_running_loop())
            connector._factory = create
            self._sessions[destinations] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": USER_AGENT},
                trust_env=False,
                middlewares=(_send_once,),
            )
        return self._sessions[destinations]

    @staticmethod
    def _client_error() -> type[Exception]:
        import aiohttp

        return aiohttp.ClientError

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()


def _read_url(text: str) -> URL:
    """Return a URL unchanged, except that its host is spelled as in DNS. Raises RefusedError if it can't be."""
    from yarl import URL

    url = URL(text, encoded=True)
    host = url.raw_host or ""
    try:
        if not host.isascii():  # for example bücher.de
            return url.with_host(host)
        host.encode("idna")  # as the resolver does, which raises the same errors
    except ValueError as error:
        raise RefusedError(f"{host!r} is not a valid host name.") from error
    return url


def _describe(failure: Exception) -> str:
    """Return why a request got no answer. The usual mistakes have a sentence of their own."""
    import aiohttp

    if isinstance(failure, aiohttp.ClientConnectorDNSError):
        return f"no address is known for {failure.host}: {failure.os_error.strerror or failure.os_error}"
    if isinstance(failure, aiohttp.ClientConnectorError) and failure.os_error.errno == errno.ECONNREFUSED:
        return f"nothing listens at {failure.host}:{failure.port}"
    if isinstance(failure, aiohttp.ClientConnectorCertificateError):
        reason = getattr(failure.certificate_error, "verify_message", failure.certificate_error)
        return f"the certificate of {failure.host}:{failure.port} is not trusted here: {reason}"
    if isinstance(failure, aiohttp.ClientConnectorSSLError):
        reason = getattr(failure.os_error, "reason", None) or failure.os_error
        return f"no HTTPS connection to {failure.host}:{failure.port}: {str(reason).replace('_', ' ').lower()}"
    if isinstance(failure, aiohttp.ClientResponseError):
        return f"the answer is not HTTP: {failure.message.partition(chr(10))[0].rstrip(':')}"
    if isinstance(failure, aiohttp.ClientPayloadError):
        return "the body is cut short or badly compressed"
    if type(failure) is aiohttp.ClientConnectionError:  # as `_send_once` raises it
        return "the connection was closed without an answer"
    return f"{type(failure).__name__}: {failure}"


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once.

    The library would repeat a GET whose connection broke, so the receiver could get one attempt twice.
    """
    import aiohttp

    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error


def _decompress(body: bytes, coding: str) -> bytes:
    """Return the beginning of a body, decompressed if that is possible."""
    if coding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, MAX_KEPT_CHARACTERS * 4)
    except zlib.error:
        return body
