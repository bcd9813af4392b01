"""Sends that tests make, and what becomes of them."""

from typing import Any

from .client import Api, eventually
from .run import Run
from .scene import HANDSETS

SLOWEST_DELIVERY = 180.0
"""Seconds a real message may take."""


def handset(run: Run, index: int = 0) -> str:
    """A handset that messages may go to."""
    return HANDSETS[index] if run.grants.is_sandbox else run.grants.to[index % len(run.grants.to)]


def send(api: Api, to: str, text: str = "contract suite", **more: Any) -> Any:
    """What send-sms says of a message that must be taken."""
    return api.ok("send-sms", message=text, to=to, **more)


def settle(run: Run, api: Api, message: int) -> Any:
    """Wait until a message is delivered, or let the time pass where that can be done; get-sms of it."""
    if run.control is not None:
        run.control.of(api.credentials).advance(seconds=5)

    def delivered() -> Any:
        said = api.ok("get-sms", message_id=message)
        return None if said["delivery_stats"]["pending"] else said

    return eventually(delivered, 5 if run.control else SLOWEST_DELIVERY, 0.05 if run.control else 3)
