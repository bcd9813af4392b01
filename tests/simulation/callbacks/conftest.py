from collections.abc import AsyncIterator

import pytest

from sms_sandbox.simulation.callbacks.http_client import CallbackClient


@pytest.fixture
async def client(anyio_backend: str) -> AsyncIterator[CallbackClient]:
    """A client whose connections are closed after the test."""
    made = CallbackClient()
    yield made
    await made.close()
