"""Tests on an event loop: methods that are awaited, and those that would block."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import uvloop

from sms_sandbox.simulation.callbacks.http_client import ATTEMPT_TIMEOUT_SECONDS
from sms_sandbox.testing import Sandbox, SandboxError
from tests.sandbox import HANDSET

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def app_on_this_loop() -> AsyncIterator[tuple[str, list[str]]]:
    """Run an app on the running event loop. Yield its address and the requests that it got."""
    requests: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", requests


async def test_an_app_on_the_loop_answers_while_the_call_is_awaited(tenant: Sandbox) -> None:
    async with app_on_this_loop() as (url, requests):
        await tenant.a.call("send-sms", message="hello", to=HANDSET, dlr_callback=url)
        advanced = await tenant.a.advance(seconds=5)
        assert advanced.counts["callback"] == 1
        assert "status=delivered" in requests[0]
        (entry,) = await tenant.a.wait_for(callbacks=1)
        assert entry.code == "ok"
    assert await tenant.handset(HANDSET).a.inbox() == ["hello"]


async def test_a_call_that_would_block_the_app_is_an_error_at_once(tenant: Sandbox) -> None:
    async with app_on_this_loop() as (url, requests):
        tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=url)
        began = time.monotonic()
        port = url.rpartition(":")[2]
        with pytest.raises(SandboxError, match=rf"port {port}.*Write `await sms_sandbox\.a\.advance\(…\)`\."):
            tenant.advance(seconds=5)
        with pytest.raises(SandboxError, match=r"await sms_sandbox\.a\.wait_for"):
            tenant.wait_for(callbacks=1)
        assert time.monotonic() - began < ATTEMPT_TIMEOUT_SECONDS / 2
        assert requests == []
        await asyncio.to_thread(tenant.advance, seconds=5)
        assert len(requests) == 1


async def test_the_receiver_answers_while_the_loop_is_blocked(tenant: Sandbox) -> None:
    tenant.call("send-sms", message="hello", to=HANDSET)
    tenant.advance(seconds=5)
    assert [report["status"] for report in tenant.receiver().dlrs] == ["delivered"]
    tenant.handset(HANDSET).reply("Yes")
    tenant.advance(seconds=5)
    assert [reply["response"] for reply in tenant.receiver().wait_for(1, "reply")] == ["Yes"]
    assert len(await tenant.receiver().a.wait_for(2)) == 2


async def test_an_app_on_another_thread_keeps_running(tenant: Sandbox) -> None:
    stop: list[Callable[[], object]] = []
    urls: list[str] = []
    ready = threading.Event()

    async def serve() -> None:
        async with app_on_this_loop() as (url, _):
            ended = asyncio.Event()
            stop.append(partial(asyncio.get_running_loop().call_soon_threadsafe, ended.set))
            urls.append(url)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    assert ready.wait(10)
    try:
        tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=urls[0])
        tenant.advance(seconds=5)
        assert [callback.state for callback in tenant.callbacks()] == ["delivered"]
    finally:
        stop[0]()
        thread.join()


async def test_an_unknown_method_cannot_be_awaited(tenant: Sandbox) -> None:
    for name in ("url", "now", "_idle", "nothing"):
        with pytest.raises(AttributeError, match=name):
            getattr(tenant.a, name)
    with pytest.raises(SandboxError, match="unknown field `colour`"):
        await tenant.a.change_account(colour="red")


def test_uvloop_is_an_event_loop_too(tenant: Sandbox) -> None:
    async def run() -> None:
        async with app_on_this_loop() as (url, _):
            tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=url)
            with pytest.raises(SandboxError, match="would block the event loop"):
                tenant.advance(seconds=5)
            assert (await tenant.a.advance(seconds=5)).counts["callback"] == 1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def test_trio_is_an_event_loop_too(tenant: Sandbox) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await stream.aclose()

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
            url = f"http://127.0.0.1:{listener.socket.getsockname()[1]}"
            tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=url)
            with pytest.raises(SandboxError, match="would block the event loop"):
                tenant.advance(seconds=5)
            assert (await tenant.a.advance(seconds=5)).counts["callback"] == 1
            nursery.cancel_scope.cancel()

    trio.run(run)


def test_nothing_waits_for_a_call_that_was_cancelled(tenant: Sandbox) -> None:
    async def on_asyncio() -> None:
        async with asyncio.timeout(0.1):
            await tenant.a.wait_for(messages=1, timeout=60)

    async def on_trio() -> None:
        with trio.fail_after(0.1):
            await tenant.a.wait_for(messages=1, timeout=60)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(on_asyncio())
    with pytest.raises(trio.TooSlowError):
        trio.run(on_trio)
    assert time.monotonic() - began < 30


def test_importing_it_loads_no_event_loop() -> None:
    script = "import sys, sms_sandbox.testing; print({'asyncio', 'trio', 'anyio'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"
