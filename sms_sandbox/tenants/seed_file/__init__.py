"""Seed files, which say in TOML or JSON what the tenants of a server begin with."""


class SeedError(Exception):
    """A seed file that cannot be used; the message names the file and the path of the value."""
