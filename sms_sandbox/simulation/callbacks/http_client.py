"""The HTTP client for callbacks and files, which connects to allowed addresses only."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from ...domain import egress, host_names
from ...domain.callbacks import is_success
from ...store.callbacks import Outcome

if TYPE_CHECKING:
    import aiohttp

ATTEMPT_TIMEOUT_SECONDS = 10.0
"""Limit for a whole attempt (reference 9.3 assumes this much)."""

MAX_KEPT_CHARACTERS = 500
"""Length of the part of a response that is kept."""

_MAX_READ_BYTES = 64 * 1024
"""Limit for a response, after which the connection is closed."""

FETCH_TIMEOUT_SECONDS = 120.0
"""Limit for a whole file."""

HOSTS_FILE = Path(os.environ["SYSTEMROOT"], "System32/drivers/etc/hosts") if os.name == "nt" else Path("/etc/hosts")

_IDLE_SECONDS = 1.0
"""Time that an idle connection is kept. Servers keep theirs longer, so none is closed while it is being used."""

MAX_FILE_BYTES = 64 << 20
"""Limit for a file, decompressed if it was sent compressed."""


class CallbackRequest(Struct, frozen=True):
    """The request of a callback attempt, made `at` a time on its tenant's clock."""

    tenant: int
    callback: int
    number: int
    url: str
    signature: str
    at: datetime
    lane: str
    rule: str = ""
    """The name of the fault that changed it, as `fault 3`."""
    duplicate: bool = False
    """True if it is sent twice at the same time."""


class RefusedError(Exception):
    """An address that callbacks must not be sent to; the text says why."""


class FetchError(Exception):
    """A file that could not be fetched completely; the text says why."""


class CallbackClient:
    """Sends callbacks and fetches files over kept-alive connections.

    A host is resolved once for a connection, which is then made to exactly that address. Redirects are not followed,
    the time and size of a response are limited, and proxies in the environment are ignored.
    """

    def __init__(self, ca_bundle: Path | None = None, allowed_hosts: Collection[str] = ()) -> None:
        self._ca_bundle = ca_bundle
        self._allowed_hosts = allowed_hosts
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: CallbackRequest) -> Outcome:
        """Make one attempt and return its outcome. Never raises for errors of the receiver."""
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
            error = _describe(failure)
        latency = int((time.perf_counter() - began) * 1_000_000)
        text = kept.decode("utf-8", "replace").replace("\x00", "\ufffd")[:MAX_KEPT_CHARACTERS]
        return Outcome(request.tenant, request.callback, request.number, request.at, status, error, latency, text)

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
        from yarl import URL

        url = URL(text, encoded=True)
        self._check_host(url.host or "")
        return self._open().get(url, headers=headers, allow_redirects=False, auto_decompress=auto_decompress)

    def _check_host(self, host: str) -> None:
        """Refuse addresses and public names, which need no resolver. Raises RefusedError."""
        # aiohttp does not resolve a host without letters, so the resolver below never sees it. Some systems take
        # `2852039166` for 169.254.169.254, so it is checked here.
        if ":" in host or not any(map(str.isalpha, host)):
            self.check(host, host)
        elif host_names.is_public(host) and not _is_in_hosts_file(host):
            self.check_name(host)

    def check_name(self, host: str) -> None:
        """Raise RefusedError unless callbacks to a public name may be sent."""
        reason = host_names.refusal_of_name(host, self._allowed_hosts)
        if reason is not None:
            raise RefusedError(reason)

    def check(self, address: str, host: str) -> None:
        """Raise RefusedError unless callbacks to a host may be sent to an address."""
        reason = egress.refusal_reason(address, host, self._allowed_hosts)
        if reason is not None:
            raise RefusedError(reason)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            import aiohttp

            context = ssl.create_default_context(cafile=self._ca_bundle) if self._ca_bundle else True
            from .response_heads import HeadReducer

            connector = aiohttp.TCPConnector(
                limit=0, limit_per_host=0, resolver=_resolver(self), use_dns_cache=False, ssl=context,
                keepalive_timeout=_IDLE_SECONDS,
            )  # fmt: skip
            create: Any = partial(HeadReducer, loop=asyncio.get_running_loop())
            connector._factory = create
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": "sms-sandbox"},
                trust_env=False,
                middlewares=(_send_once,),
            )
        return self._session

    @staticmethod
    def _client_error() -> type[Exception]:
        import aiohttp

        return aiohttp.ClientError

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()


def _describe(failure: Exception) -> str:
    """Return why a request got no answer. The usual mistakes have a sentence of their own."""
    import aiohttp

    if isinstance(failure, aiohttp.ClientConnectorDNSError):
        return f"no address is known for {failure.host}: {failure.os_error.strerror or failure.os_error}"
    if isinstance(failure, aiohttp.ClientConnectorError) and failure.os_error.errno == errno.ECONNREFUSED:
        return f"nothing listens at {failure.host}:{failure.port}"
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


def _is_in_hosts_file(host: str) -> bool:
    """Return True if this machine's own table of hosts names a host, as for a public name in development."""
    try:
        lines = HOSTS_FILE.read_text(errors="replace").lower().splitlines()
    except OSError:
        return False
    return any(host.lower().rstrip(".") in line.partition("#")[0].split()[1:] for line in lines)


def _resolver(client: CallbackClient) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class CheckedResolver(AbstractResolver):
        """Resolves a host to the addresses that callbacks may be sent to."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            loop = asyncio.get_running_loop()
            try:
                resolved = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
            except OSError:
                if host_names.may_be_public(host):  # the rule is the better reason, and holds wherever DNS answers
                    client.check_name(host)
                raise
            allowed: list[ResolveResult] = []
            refused: RefusedError | None = None
            for resolved_family, _, proto, _, address in resolved:
                try:
                    client.check(str(address[0]), host)
                except RefusedError as error:
                    refused = error
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
            """Do nothing, because the resolver holds no connections."""

    return CheckedResolver()
