"""The app under test: the mended one, or the one that the variable APP names."""

import os
from collections.abc import Iterator
from importlib import import_module
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from sms_sandbox.testing import Sandbox

PERSON = "61491570156"
TWICE = "61491576398"
"""A number whose delivery reports come twice."""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def app(sms_sandbox: Sandbox) -> Iterator[Any]:
    """The app, pointed at the test's world, which calls it back."""
    module = import_module(os.environ.get("APP", "mended"))
    made = module.Reminders(
        sms_sandbox.url, sms_sandbox.key, sms_sandbox.secret, sms_sandbox.ca, people=[PERSON, TWICE]
    )
    with make_server("127.0.0.1", 0, made.web, handler_class=Quiet) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sms_sandbox.call_back(f"http://127.0.0.1:{server.server_port}/callback")
        yield made
        server.shutdown()
        thread.join()
