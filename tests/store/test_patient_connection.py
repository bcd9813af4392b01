"""Connections to a PostgreSQL that does not answer."""

import gc
import socket
from threading import Thread

import pytest

from sms_sandbox.store.schema import StoreError, open_store


def test_a_connection_that_nobody_answers_is_closed_at_once() -> None:
    """Otherwise a database that goes on would have a session for each."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        ended: list[bytes] = []

        def accept() -> None:
            silent, _ = frozen.accept()
            with silent:
                silent.settimeout(5)
                silent.recv(1024)  # what the client begins with
                ended.append(silent.recv(1024))

        database = Thread(target=accept)
        database.start()
        port = frozen.getsockname()[1]
        url = f"postgresql://user@127.0.0.1:{port}/none?connect_timeout=2&sslmode=disable&gssencmode=disable"
        gc.disable()  # in a server it runs too rarely to help
        try:
            with pytest.raises(StoreError, match="timeout") as failure:
                open_store(url)
            database.join()
        finally:
            gc.enable()
        assert ended == [b""], failure.value
