"""`sms-sandbox doctor`: finds out why an app can't use the sandbox, and what to do."""

from .command import doctor

__all__ = ["doctor"]
