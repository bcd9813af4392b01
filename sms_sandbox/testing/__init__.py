"""The Python API for tests: a sandbox, its tenants, handsets, and a receiver of callbacks.

    from sms_sandbox.testing import Sandbox

    with Sandbox.start() as sandbox:
        app = App(sandbox.url, sandbox.key, sandbox.secret, sandbox.ca)

Everything here is a client of the control API, so it works the same on a sandbox that runs elsewhere.
"""

from ..client.errors import SandboxError
from ..control.shapes.accounts import Account
from ..control.shapes.callbacks import Attempt, Callback
from ..control.shapes.carrier_rules import Rule, RuleOptions, Scenario, ScenarioOption, Step
from ..control.shapes.clock import Advanced, Clock, Event
from ..control.shapes.faults import Delay, Fault
from ..control.shapes.messages import Inbound, Message, Recipient
from ..control.shapes.rule_match import Match
from ..control.shapes.server_info import ServerInfo
from ..control.shapes.traffic import Entry
from .handset import Handset
from .receiver import Received, Receiver
from .sandbox import Sandbox

__all__ = [
    "Account",
    "Advanced",
    "Attempt",
    "Callback",
    "Clock",
    "Delay",
    "Entry",
    "Event",
    "Fault",
    "Handset",
    "Inbound",
    "Match",
    "Message",
    "Received",
    "Receiver",
    "Recipient",
    "Rule",
    "RuleOptions",
    "Sandbox",
    "SandboxError",
    "Scenario",
    "ScenarioOption",
    "ServerInfo",
    "Step",
]
