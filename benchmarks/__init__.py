"""Benchmarks: each figure next to that of something simpler, measured in the same run. `make bench`."""
