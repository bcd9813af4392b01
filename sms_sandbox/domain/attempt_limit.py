"""A limit on wrong credentials, so that nobody can guess a secret by trying."""

from collections import deque

MAX_FAILURES = 10
"""Wrong credentials that are allowed in a window."""

WINDOW_SECONDS = 60.0

_MAX_CALLERS = 10_000
"""Callers that are remembered. The ones that failed longest ago are forgotten first."""


class AttemptLimit:
    """Counts failures by address and name.

    One client with a wrong secret does not lock out others behind its address.
    """

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def seconds_left(self, address: str, name: str, now: float) -> int:
        """Return for how long the caller must wait; 0 if it may try."""
        failures = self._failures.get((address, name))
        if failures is None or len(failures) < MAX_FAILURES:
            return 0
        return max(0, int(failures[0] + WINDOW_SECONDS - now + 0.999))

    def note_failure(self, address: str, name: str, now: float) -> None:
        """Count a failure. `now` is in seconds."""
        failures = self._failures.pop((address, name), None) or deque(maxlen=MAX_FAILURES)
        failures.append(now)
        self._failures[address, name] = failures  # last in the order of the dictionary
        if len(self._failures) > _MAX_CALLERS:
            del self._failures[next(iter(self._failures))]
