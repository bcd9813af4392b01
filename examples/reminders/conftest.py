"""The app under test: `fixed`, or the module named by the variable APP."""

import os
from collections.abc import Iterator
from importlib import import_module
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from sms_sandbox.testing import Sandbox

PERSON = "61491570156"
REPORTED_TWICE = "61491576398"
"""A magic number: its delivery report arrives twice."""


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def app(sms_sandbox: Sandbox) -> Iterator[Any]:
    """Start the app, connected to the test's tenant, which sends its callbacks to the app."""
    module = import_module(os.environ.get("APP", "fixed"))
    reminders = module.Reminders(
        sms_sandbox.url, sms_sandbox.key, sms_sandbox.secret, sms_sandbox.ca, people=[PERSON, REPORTED_TWICE]
    )
    with make_server("127.0.0.1", 0, reminders.web, handler_class=QuietHandler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sms_sandbox.call_back(f"http://127.0.0.1:{server.server_port}/callback")
        yield reminders
        server.shutdown()
        thread.join()
