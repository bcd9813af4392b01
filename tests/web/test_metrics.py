"""`/metrics`: the figures of a server for Prometheus."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sms_sandbox.server.certificates import Certificates
from sms_sandbox.settings import Settings
from tests.receiver import Receiver
from tests.sandbox import Account, Answer, fetch, run_sandbox
from tests.timing import eventually

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def server(certificates: Certificates) -> Iterator[Account]:
    """A server whose figures only these tests change."""
    certs = str(certificates.directory)
    with run_sandbox(Settings(https_port=0, http_port=0, certs=certs, delivery_delay=0, throttle=0)) as account:
        yield account


def scrape(account: Account, **headers: str) -> Answer:
    return fetch(f"{account.ready.http}/metrics", headers=headers)


def samples(account: Account) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample by its name and labels, as Prometheus reads them."""
    text = scrape(account).body.decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(account: Account, name: str, **labels: str) -> float:
    """Return the value of a sample, or 0 if there is none."""
    return samples(account).get((f"sms_sandbox_{name}", frozenset(labels.items())), 0)


def test_calls_are_counted_by_method_and_code(server: Account) -> None:
    server.api_ok("get-balance")
    server.api("send-sms", to="1")
    server.api("make-coffee")
    assert value(server, "calls_total", method="get-balance", code="SUCCESS") == 1
    assert value(server, "calls_total", method="send-sms", code="FIELD_EMPTY") == 1
    assert value(server, "calls_total", method="unknown", code="NOT_IMPLEMENTED") == 1
    assert value(server, "call_seconds_count", method="get-balance") == 1
    assert 0 < value(server, "call_seconds_sum", method="get-balance") < 10
    assert value(server, "call_seconds_bucket", method="get-balance", le="+Inf") == 1
    assert value(server, "connections") >= 1
    assert 0 < value(server, "transaction_pieces_count") <= value(server, "transaction_pieces_sum")


def test_callbacks_are_counted_by_how_they_end(server: Account, receiver: Receiver) -> None:
    outcomes = ("delivered", "status", "unreachable", "forbidden")
    server.send(dlr_callback=receiver.url)
    receiver.wait_for(1)
    receiver.status = 500
    for url in (receiver.url, "http://localhost:9/", "http://93.184.215.14/"):
        server.send(dlr_callback=url)
    eventually(lambda: all(value(server, "callback_attempt_seconds_count", outcome=each) == 1 for each in outcomes))
    assert value(server, "event_lateness_seconds_count", kind="callback") == 4
    assert 0 < value(server, "event_lateness_seconds_sum", kind="callback") < 60
    eventually(lambda: value(server, "callback_attempts_pending") == 0)


def test_the_docs_list_every_metric(server: Account) -> None:
    families = text_string_to_metric_families(scrape(server).body.decode())
    exposed = {f"{each.name}_total" if each.type == "counter" else each.name for each in families}
    only_shared = {"sms_sandbox_process_up", "sms_sandbox_pool_connections"}
    documented = set(re.findall(r"^\| `(sms_sandbox_\w+)`", DOCS.read_text(), re.MULTILINE))
    assert documented == {name for name in exposed if name.startswith("sms_sandbox_")} | only_shared


def test_openmetrics_is_answered_if_accepted(server: Account) -> None:
    answer = scrape(server, Accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


def test_the_address_is_guarded(certificates: Certificates, server: Account) -> None:
    assert scrape(server, Host="rebound.example.net").status == 403
    certs = str(certificates.directory)
    with run_sandbox(Settings(https_port=0, http_port=0, certs=certs, control_token="s3cret")) as account:
        assert scrape(account).status == 401
        assert scrape(account, Authorization="Bearer wrong").status == 401
        assert scrape(account, Authorization="Bearer s3cret").status == 200
        assert scrape(account, **{"X-Sandbox-Token": "s3cret"}).status == 200
