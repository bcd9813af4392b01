"""Counts over time: sends, outcomes, calls, and the latency of callback attempts."""

import pytest

from tests.receiver import Receiver
from tests.sandbox import HANDSET, Account

HARD_BOUNCE = "61491572665"


def test_counts_are_in_the_span_in_which_things_happened(frozen: Account, receiver: Receiver) -> None:
    frozen.send("hi", f"{HANDSET},{HARD_BOUNCE}", dlr_callback=receiver.url)
    frozen.ok("POST", "/clock/advance", {"minutes": 10})
    receiver.status = 500
    frozen.send("hi", HANDSET, dlr_callback=receiver.url)
    frozen.api("send-sms", message="hi")
    frozen.send("later", HANDSET, send_at="2030-01-31 12:15:00")
    frozen.ok("POST", "/clock/advance", {"minutes": 2})
    series = frozen.ok("GET", "/series", since="2030-01-31T11:58:00Z", until="2030-01-31T12:18:00Z", buckets=4)
    assert [each["at"][11:16] for each in series["buckets"]] == ["11:58", "12:03", "12:08", "12:13"]
    columns = {name: [each[name] for each in series["buckets"]] for name in series["buckets"][0]}
    assert columns["sent"] == [2, 0, 1, 0]
    assert (columns["delivered"], columns["hard_bounced"]) == ([1, 0, 1, 0], [1, 0, 0, 0])
    assert columns["soft_bounced"] == [0, 0, 0, 0]
    assert (columns["calls"], columns["failed_calls"]) == ([1, 0, 3, 0], [0, 0, 1, 0])
    assert (columns["attempts"], columns["failed_attempts"]) == ([2, 0, 2, 0], [0, 0, 2, 0])
    assert [latency is not None for latency in columns["latency_ms"]] == [True, False, True, False]
    assert 0 < columns["latency_ms"][0] <= columns["max_latency_ms"][0]


def test_without_a_time_it_is_the_last_hour_and_now_is_part_of_it(frozen: Account) -> None:
    frozen.send()
    series = frozen.ok("GET", "/series")
    assert (series["since"], series["until"]) == ("2030-01-31T11:00:00Z", "2030-01-31T12:00:00Z")
    assert len(series["buckets"]) == 60
    assert (series["buckets"][-1]["sent"], series["buckets"][-1]["calls"]) == (1, 1)


@pytest.mark.parametrize(
    "query",
    [{"buckets": 0}, {"buckets": 501}, {"since": "2031-01-01T00:00:00Z"}, {"until": "2030-01-01"}, {"days": 1}],
)
def test_an_invalid_time_is_refused(frozen: Account, query: dict[str, object]) -> None:
    assert frozen.refused("GET", "/series", **query) == (422, "invalid")
