"""Words that stand in several tables, since types have to be written out: they are the same in each."""

from typing import get_args

from sms_sandbox import settings
from sms_sandbox.commands import tail
from sms_sandbox.control import fault_shapes, journal_shapes, traffic_shapes, world_shapes
from sms_sandbox.domain.faults import EFFECTS, EVENTS, WORDS
from sms_sandbox.domain.profiles import PROFILES
from sms_sandbox.store import entries


def test_of_faults() -> None:
    assert set(get_args(fault_shapes.On)) == EFFECTS.keys()
    assert get_args(fault_shapes.Event) == EVENTS
    told = {
        "status": fault_shapes.Status, "body": fault_shapes.Body, "connection": fault_shapes.Connection,
        "callback": fault_shapes.OnCallback,
    }  # fmt: skip
    assert {name: get_args(kind) for name, kind in told.items()} == WORDS


def test_of_callbacks() -> None:
    (words, _) = get_args(traffic_shapes.CallbackFilter.__annotations__["event"])
    assert get_args(words) == EVENTS


def test_of_profiles() -> None:
    assert get_args(world_shapes.Profile) == tuple(PROFILES) == settings.PROFILES


def test_of_the_journal() -> None:
    kinds = (entries.CALL, entries.CALLBACK, entries.INBOUND, entries.REPORT)
    assert get_args(journal_shapes.Kind) == kinds == tail.KINDS
