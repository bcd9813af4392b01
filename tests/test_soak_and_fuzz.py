"""The soak, the fuzzer and the attacks, each for a moment."""

import random
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import attack_target, attacks
from benchmarks.fuzz import __main__ as fuzz
from benchmarks.fuzz.inputs import raw_bytes
from benchmarks.soak import Sample, draw, run
from tests.timing import DEADLINE_SECONDS

INPUTS = 80


def test_a_short_soak_has_sends_and_samples(tmp_path: Path) -> None:
    samples = run(f"sqlite:///{tmp_path}/soak.db", minutes=0.03, every=0.5)
    assert sum(sample.sends for sample in samples) > 0
    assert sum(sample.failures for sample in samples) == 0
    assert all(sample.memory > 10 and sample.files > 5 for sample in samples)


def test_the_picture_is_valid() -> None:
    picture = ElementTree.fromstring(draw([Sample(each, 80 + each, 50, 10, 0, 1.5, 9.0) for each in range(4)]))  # noqa: S314
    assert [line.get("stroke") for line in picture if line.tag.endswith("polyline")] != []
    assert len(picture.findall("{*}text")) == 3


def test_random_inputs_find_no_problem() -> None:
    assert fuzz.fuzz(INPUTS, seed=7) == []


def test_the_same_seed_gives_the_same_inputs() -> None:
    one, other = (random.Random(3) for _ in range(2))  # noqa: S311
    assert [raw_bytes(one) for _ in range(20)] == [raw_bytes(other) for _ in range(20)]


def test_a_status_of_5xx_and_a_hang_are_problems() -> None:
    target = object.__new__(fuzz.Target)
    target.statuses, target.problems = Counter(), []
    for status in (200, 404, 500, 503, 0):
        target._check(status, "an input", b"answer")
    assert [problem[:3] for problem in target.problems] == ["500", "503", "0: "]


def test_a_traceback_is_shown_up_to_its_error() -> None:
    frames = "".join(f'  File "part_{number}.py", line 1\n    call()\n' for number in range(200))
    log = f"INFO: started\nTraceback (most recent call last):\n{frames}ValueError: no\nINFO: more\n"
    shown = fuzz._first_of(log)
    assert shown.endswith("ValueError: no")
    assert len(shown) == 3000


@pytest.mark.parametrize(("limit", "word", "code"), [(DEADLINE_SECONDS, "kept", 0), (0.0, "BROKEN", 1)])
def test_an_attack_whose_limit_is_broken_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], limit: float, word: str, code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["attacks", "--quick", "heads"])
    monkeypatch.setattr(attack_target, "MAX_PROBE_SECONDS", limit)
    assert attacks.main() == code
    assert capsys.readouterr().out.splitlines()[-1].endswith(f"| {word} |")
