"""Words that are in several tables, because types must be written out: they are the same in each."""

from typing import get_args

from sms_sandbox.cli import tail
from sms_sandbox.control.shapes import callbacks, faults, traffic
from sms_sandbox.domain.faults import EFFECT_VALUES, EFFECTS, EVENTS
from sms_sandbox.domain.profiles import PROFILES, ProfileName
from sms_sandbox.journal import entries


def test_words_of_faults_are_those_of_the_domain() -> None:
    assert set(get_args(faults.On)) == EFFECTS.keys()
    assert get_args(faults.CallbackEvent) == EVENTS
    wire_types = {
        "status": faults.Status, "body": faults.Body, "connection": faults.Connection,
        "gateway": faults.Gateway, "callback": faults.CallbackFault,
    }  # fmt: skip
    assert {name: get_args(kind) for name, kind in wire_types.items()} == EFFECT_VALUES


def test_words_of_callbacks_are_those_of_the_domain() -> None:
    (words, _) = get_args(callbacks.CallbackFilter.__annotations__["event"])
    assert get_args(words) == EVENTS


def test_names_of_profiles_are_those_of_the_domain() -> None:
    assert get_args(ProfileName) == tuple(PROFILES)


def test_kinds_of_traffic_are_those_of_the_journal() -> None:
    kinds = (entries.CALL, entries.CALLBACK, entries.INBOUND, entries.REPORT, entries.FAILURE, entries.CONTROL)
    assert get_args(traffic.Kind) == kinds == tail.KINDS
