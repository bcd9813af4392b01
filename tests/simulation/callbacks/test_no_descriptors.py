"""Callback attempts of a process that has no file descriptor left."""

import errno
import socket
from typing import Any

import aiohappyeyeballs
import pytest

from sms_sandbox.simulation.callbacks import attempts, destinations
from sms_sandbox.simulation.callbacks.file_descriptors import ExhaustedError
from sms_sandbox.simulation.callbacks.http_client import CallbackClient
from sms_sandbox.simulation.runner import Runner
from sms_sandbox.store import callbacks
from tests.conftest import FreshTenant
from tests.simulation import queries
from tests.simulation.callbacks.test_http_client import callback_request
from tests.simulation.conftest import Client, Receiver, until

pytestmark = pytest.mark.anyio


def fail(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EMFILE, "Too many open files")


async def test_a_socket_that_could_not_be_opened_is_our_failure(
    client: CallbackClient, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", fail)
    with pytest.raises(ExhaustedError):
        await client.send(callback_request(receiver.url()))


async def test_a_table_of_hosts_that_could_not_be_opened_is_our_failure(
    client: CallbackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(destinations.HOSTS_FILE), "read_text", fail)
    with pytest.raises(ExhaustedError):
        await client.send(callback_request("http://example.com/"))


async def test_the_attempt_is_made_once_there_is_a_descriptor_and_counts_once(
    quick: FreshTenant, runner: Runner, call: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, failures = aiohappyeyeballs.start_connection, 5

    async def fail_first(*args: Any, **kwargs: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            fail()
        return await connect(*args, **kwargs)

    monkeypatch.setattr(attempts, "DESCRIPTOR_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(aiohappyeyeballs, "start_connection", fail_first)
    await runner.start()
    await call.send(dlr_callback=receiver.url())
    await until(lambda: bool(receiver.requests))
    await until(lambda: queries.the_callback(quick)[0].state == callbacks.DELIVERED)
    assert failures == 0
    _, made = queries.the_callback(quick)
    assert [(each.number, each.status, each.error) for each in made] == [(1, 200, None)]
    assert len(receiver.requests) == 1
