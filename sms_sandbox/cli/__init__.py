"""The command line: `sms-sandbox …`, one module for each group of commands."""

from .root import main

__all__ = ["main"]
