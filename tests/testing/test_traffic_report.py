"""The traffic in the report of a failed test: reasons, repeats, dates, and refused calls."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sms_sandbox.testing import Sandbox
from tests.sandbox import HANDSET

DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


class FailingApp(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b"\nKeyError: 'status'\n  File app.py\n")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def app() -> Iterator[str]:
    """The address of an app that fails."""
    with HTTPServer(("127.0.0.1", 0), FailingApp) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def lines_about(tenant: Sandbox, word: str) -> list[str]:
    return [line for line in tenant.report().splitlines() if re.match(rf"{DATE} {word} ", line)]


def test_a_callback_says_what_the_app_answered(tenant: Sandbox, app: str) -> None:
    tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback=app)
    tenant.advance(seconds=5)
    (line,) = lines_about(tenant, "callback")
    assert line.endswith("-> 500: KeyError: 'status'")


def test_repeats_are_one_line_with_the_dates_of_the_first_and_the_last(tenant: Sandbox) -> None:
    for _ in range(2):
        tenant.call("send-sms", message="hello", to=HANDSET, dlr_callback="http://127.0.0.1:9/")
    tenant.advance(days=2)
    lines = lines_about(tenant, "callback")
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(rf".*-> failed: nothing listens at 127\.0\.0\.1:9 \(5 times, until {DATE}\)", line)
        assert line[:10] != line[-20:-10]
    (call,) = lines_about(tenant, "call")
    assert call.endswith("-> 200 SUCCESS (2 times)")


def test_calls_with_something_else_between_them_stay_in_order(tenant: Sandbox) -> None:
    for _ in range(2):
        tenant.call("get-balance")
        tenant.call("get-numbers")
    assert [line.split()[3] for line in lines_about(tenant, "call")] == ["get-balance", "get-numbers"] * 2


def test_a_refused_call_is_named_if_nothing_was_sent(tenant: Sandbox) -> None:
    tenant.call("send-sms", message="", to=HANDSET)
    tenant.call("get-sms", message_id=7)
    expected = (
        r"No message was sent, because this was refused: call send-sms .*message=''.*-> 400 FIELD_EMPTY: .*message"
    )
    assert re.search(expected, tenant.report().splitlines()[-1])
    with pytest.raises(AssertionError, match=expected):
        tenant.verify(messages=1)
    with pytest.raises(AssertionError, match=expected):
        tenant.wait_for(messages=1, timeout=0)
    with pytest.raises(AssertionError) as raised:
        tenant.verify(inbound=1)
    assert "No message was sent" not in str(raised.value)
    tenant.call("send-sms", message="hello", to=HANDSET)
    assert "No message was sent" not in tenant.report()


def test_nothing_is_explained_if_no_call_was_refused(tenant: Sandbox) -> None:
    tenant.call("get-balance")
    assert "No message was sent" not in tenant.report()


def test_an_answer_of_the_gateway_is_shown_in_its_own_words(tenant: Sandbox) -> None:
    tenant.fail_next("send-sms", gateway="maintenance")
    tenant.call("send-sms", message="hello", to=HANDSET)
    assert "502 FAILED: transmitsms is down for maintainence." in tenant.report()
