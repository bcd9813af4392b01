"""Messages that tests send, and their delivery."""

from typing import Any

from .client import Api, eventually
from .run import Run
from .scene import HANDSETS

DELIVERY_TIMEOUT_SECONDS = 180.0
"""Longest time for delivery of a real message, in seconds."""


def allowed_handset(run: Run, index: int = 0) -> str:
    """Return a handset that may receive messages."""
    return HANDSETS[index] if run.grants.is_sandbox else run.grants.to[index % len(run.grants.to)]


def send(api: Api, to: str, text: str = "contract suite", **more: Any) -> Any:
    """Send a message that must be accepted, and return the payload of send-sms."""
    return api.ok("send-sms", message=text, to=to, **more)


def wait_until_delivered(run: Run, api: Api, message: int) -> Any:
    """Wait until a message is delivered, and return its get-sms. A sandbox's clock is moved instead."""
    if run.control is not None:
        run.control.for_account(api.credentials).advance(seconds=5)

    def delivered() -> Any:
        payload = api.ok("get-sms", message_id=message)
        return None if payload["delivery_stats"]["pending"] else payload

    return eventually(delivered, 5 if run.control else DELIVERY_TIMEOUT_SECONDS, 0.05 if run.control else 3)
