"""Seed files: the initial data of a server, in TOML or JSON."""


class SeedError(Exception):
    """A seed file that cannot be used; the message names the file and the path of the value."""
