"""Connections that have ended leave nothing for the garbage collector, which runs rarely here."""

import gc
import time
from collections import Counter

import pytest

from tests.sandbox import Account
from tests.server.raw_connections import connect, connect_tls, port_of, read_all
from tests.server.test_client_noise import BEGUN, reset
from tests.timing import eventually

UNDER_WAY_SECONDS = 0.05
"""Time for a request to be under way, so that its reset meets its task."""

CLOSING = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
PARTS = {
    "HttpProtocol", "SSLProtocol", "SSLObject", "BufferedTransport", "RequestResponseCycle", "ResponseWriter",
    "_EventResponse", "Reader", "async_generator", "Request",
}  # fmt: skip


def count_parts(names: set[str]) -> Counter[str]:
    """Return the number of objects that belong to connections, whether something needs them or not."""
    return Counter(name for each in gc.get_objects() if (name := type(each).__name__) in names)


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("request_", [b"", CLOSING, b"GARBAGE\r\n\r\n", *BEGUN.values()])
def test_an_ended_connection_is_freed_at_once(server: Account, request_: bytes, is_tls: bool) -> None:
    server.api("get-balance")
    gc.disable()
    gc.freeze()  # so that the objects of other tests, garbage or not, need not be searched
    try:
        for _ in range(5):
            connection = connect_tls(server) if is_tls else connect(server, port_of(server.ready.http))
            connection.sendall(request_)
            if request_ in (CLOSING, b"GARBAGE\r\n\r\n"):
                assert read_all(connection)
            elif request_:
                time.sleep(UNDER_WAY_SECONDS)
            reset(connection) if request_ else connection.close()
        eventually(lambda: not count_parts(PARTS))
    finally:
        gc.unfreeze()
        gc.enable()
