"""What a test in Python holds: a sandbox, a world in it, a handset, a receiver of callbacks.

    from sms_sandbox.testing import Sandbox

    with Sandbox.start() as sandbox:
        app = App(sandbox.url, sandbox.key, sandbox.secret, sandbox.ca)

Everything here is a client of the control API, so it does the same to a sandbox that runs elsewhere.
"""

from ..client.control import SandboxError
from .handset import Handset
from .receiver import Received, Receiver
from .records import (
    Account,
    Advanced,
    Callback,
    Clock,
    Entry,
    Event,
    Fault,
    Inbound,
    Message,
    Recipient,
    Rule,
    Scenario,
    Step,
    Try,
)  # fmt: skip
from .sandbox import Sandbox

__all__ = [
    "Account",
    "Advanced",
    "Callback",
    "Clock",
    "Entry",
    "Event",
    "Fault",
    "Handset",
    "Inbound",
    "Message",
    "Received",
    "Receiver",
    "Recipient",
    "Rule",
    "Sandbox",
    "SandboxError",
    "Scenario",
    "Step",
    "Try",
]
