"""The time of the machine."""

from sms_sandbox.store.real_time import SteadyTime


def test_the_machine_s_time_never_goes_back() -> None:
    """Set back, it goes on; set forward, or after a sleep that the monotonic clock does not count, it follows."""
    wall, monotonic = 1_000.0, 5.0
    steady = SteadyTime(lambda: wall, lambda: monotonic)
    assert steady.now() == 1_000
    wall, monotonic = 1_010.0, 15.0
    assert steady.now() == 1_010
    wall, monotonic = 500.0, 16.0
    assert steady.now() == 1_011
    wall, monotonic = 600.0, 116.0
    assert steady.now() == 1_111
    wall, monotonic = 9_000.0, 117.0
    assert steady.now() == 9_000


def test_a_pause_between_two_readings_does_not_put_the_clock_ahead() -> None:
    passed, pause = 1_000.0, 0.0

    def look() -> float:
        nonlocal passed
        passed += pause
        return passed

    steady = SteadyTime(look, lambda: look() - 900)
    pause = 5.0
    steady.now()
    pause = 0.0
    assert steady.now() == passed
