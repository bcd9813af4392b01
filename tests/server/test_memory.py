"""Connections that have ended leave nothing for the garbage collector, which runs rarely here."""

import gc
from collections import Counter

import pytest

from tests.sandbox import Account
from tests.server.raw_connections import connect, connect_tls, port_of, read_all
from tests.server.test_client_noise import BEGUN, reset
from tests.timing import eventually

CLOSING = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LARGE_PARTS = {"HttpProtocol", "SSLProtocol", "SSLObject"}
SMALL_PARTS = {"BufferedTransport", "RequestResponseCycle", "ResponseWriter"}


def count_parts(names: set[str]) -> Counter[str]:
    """Return the number of objects that belong to connections, whether something needs them or not."""
    return Counter(name for each in gc.get_objects() if (name := type(each).__name__) in names)


@pytest.mark.parametrize("is_tls", [False, True])
@pytest.mark.parametrize("request_", [b"", CLOSING, b"GARBAGE\r\n\r\n", *BEGUN.values()])
def test_an_ended_connection_is_freed_at_once(server: Account, request_: bytes, is_tls: bool) -> None:
    # The task group of a stream that is cancelled leaves its traceback, and so the response, to the collector.
    names = LARGE_PARTS if request_ == BEGUN["an event stream"] else LARGE_PARTS | SMALL_PARTS
    server.api("get-balance")
    gc.collect()
    gc.disable()
    gc.freeze()  # so that the objects of other tests need not be searched
    try:
        for _ in range(5):
            connection = connect_tls(server) if is_tls else connect(server, port_of(server.ready.http))
            connection.sendall(request_)
            if request_ in (CLOSING, b"GARBAGE\r\n\r\n"):
                assert read_all(connection)
            reset(connection) if request_ else connection.close()
        eventually(lambda: not count_parts(names))
    finally:
        gc.unfreeze()
        gc.enable()
