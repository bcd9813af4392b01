"""Large bodies: received into files, two at a time; and never blocked by clients that went away."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from sms_sandbox.control.declare import MAX_BODY_BYTES
from sms_sandbox.control.request_bodies import MAX_LARGE_BODIES
from tests.sandbox import Account, basic

DECLARED_BYTES = 60_000_000
PART = b" " * (MAX_BODY_BYTES + 1)
"""The beginning of a body that counts as large."""


@contextmanager
def unfinished_import(server: Account) -> Iterator[HTTPConnection]:
    """Begin an import whose body does not end."""
    where = urlsplit(server.ready.http)
    connection = HTTPConnection(where.hostname or "", where.port, timeout=10)
    connection.putrequest("POST", "/_sandbox/v1/import")
    for name, value in {**basic(server.key, server.secret), "Content-Length": str(DECLARED_BYTES)}.items():
        connection.putheader(name, value)
    connection.endheaders(PART)
    yield connection
    connection.close()


def test_large_documents_are_received_two_at_a_time(server: Account) -> None:
    body = {"document": json.loads(server.control("GET", "/export", with_secrets="true").body), "name": "x" * 64}
    large = json.dumps(body).encode() + PART
    for seconds in (0.1, 1, 10):
        with unfinished_import(server), unfinished_import(server):
            time.sleep(seconds)  # if ours overtakes one of them, that is refused, and its place stays free
            refused = server.control("POST", "/import", large)
            small = server.control("POST", "/import", body)
        if refused.status != 409:
            break
    assert (refused.status, refused.code) == (429, "too_many")
    assert f"{MAX_LARGE_BODIES} large documents are in work" in refused.json["error"]["message"]
    assert small.code == "conflict"  # a small one needs no place
    while (answer := server.control("POST", "/import", large)).status == 429:  # the server must see that they are gone
        pass
    assert (answer.status, answer.code) == (409, "conflict"), answer.body  # its key is taken
