"""Seed files: what a world begins with, in TOML or JSON, and where in the file each thing stands."""


class SeedError(Exception):
    """A seed file that can't be used; one sentence, with file, line and path."""
