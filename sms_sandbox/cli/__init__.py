"""The command line `sms-sandbox`, a module for each command."""

from .root import main

__all__ = ["main"]
