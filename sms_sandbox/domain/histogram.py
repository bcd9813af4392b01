"""Counts of values by their size, for the server's metrics."""

from collections.abc import Iterator

_BITS = 64


class Histogram:
    """Counts whole numbers by powers of two, in a fraction of a microsecond."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * _BITS
        """The number of values for each number of bits."""
        self.total = 0

    def add(self, value: int) -> None:
        """Count a value from 0 on."""
        self.counts[value.bit_length()] += 1
        self.total += value

    def merge(self, other: "Histogram") -> None:
        """Add the counts of another histogram."""
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    @property
    def count(self) -> int:
        """The number of values."""
        return sum(self.counts)

    def limits(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the limits of `first` to `last` bits, with the numbers of values within."""
        for bits in range(first, last + 1):
            yield (1 << bits) - 1, sum(self.counts[: bits + 1])
