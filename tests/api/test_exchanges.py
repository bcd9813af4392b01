"""Recorded exchanges of the live service, replayed: the same status, headers, codes, keys and kinds of values.

Ids differ, and the vendor edited the parameters of some examples, so what each exchange needs is made first and its
parameters are put in place; values are compared only where they are words of the protocol.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.replay import contacts, messages, money, numbers
from tests.api.replay.comparison import as_data, differences
from tests.api.replay.preparation import Line, Prepare, captured_at
from tests.api.tenant_setup import freeze, set_tenant
from tests.api.xml_values import parse_xml
from tests.conftest import Caller, FreshTenant, make_tenant

PREPARE: dict[str, Prepare] = {**messages.PREPARE, **contacts.PREPARE, **numbers.PREPARE, **money.PREPARE}
"""The preparation of an exchange, by its method."""

DIFFERENT: dict[tuple[str, str], str] = {
    ("rec-resellers_api_get_client", ".trial_expiry_date"): "that client had been on trial; the sandbox has no trials",
}
"""Accepted differences by exchange and place, each with its reason."""


@pytest.fixture(scope="module")
def lines(exchanges: Path) -> list[Line]:
    return [json.loads(line) for line in exchanges.read_text("utf-8").splitlines()]


def test_every_exchange_can_be_replayed(lines: list[Line]) -> None:
    assert {line["method"] for line in lines} == set(PREPARE)
    assert len({line["id"] for line in lines}) == len(lines)


def test_replayed_exchanges_differ_only_where_explained(fresh: FreshTenant, lines: list[Line]) -> None:
    met = {(line["id"], path): how for line in lines for path, how in replay(fresh, line)}
    unexplained = {place: how for place, how in met.items() if place not in DIFFERENT}
    assert not unexplained
    assert set(DIFFERENT) <= set(met), "a difference that no longer exists is still explained"


def replay(fresh: FreshTenant, line: Line) -> Iterator[tuple[str, str]]:
    """Make an exchange's call in its own tenant, and return the differences."""
    fresh = make_tenant(fresh.store, line["id"], "secret", name=line["id"])
    set_tenant(fresh, profile="legacy-2015" if line["source"] == "recorded-2015" else "vendor-2020")
    freeze(fresh, captured_at(line))
    call = Caller(fresh.store, line["id"], "secret")
    params = PREPARE[line["method"]](call, fresh, line)
    fields = {name: str(value) for name, value in params.items()}
    where = {"params": fields} if line["verb"] == "GET" or line["source"] == "recorded-2015" else {"data": fields}
    answer = call.http.request(line["verb"], f"/{line['method']}.{line['format']}", **where)  # type: ignore[arg-type]

    for name, theirs, ours in [
        ("status", line["status"], answer.status_code),
        ("content-type", line["content_type"], answer.headers["content-type"]),
        ("x-mashape-billing", line.get("billing", "Queries=1"), answer.headers["x-mashape-billing"]),
    ]:
        if theirs != ours:
            yield name, f"{theirs} became {ours}"
    if line["format"] == "json":
        yield from differences(line["body"], answer.json())
    else:
        head = '<?xml version="1.0"?>\n<response>'
        if not answer.text.startswith(head) or not line["body"].startswith(head):
            yield "head", answer.text[:50]
        yield from differences(as_data(parse_xml(line["body"])), as_data(parse_xml(answer.content)))
