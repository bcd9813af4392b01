"""A run of the suite: the endpoint, the grants, and everything that tests share."""

import os
import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2

from .callback_receiver import Receiver
from .client import Api
from .credentials import Credentials, Secrets
from .grants import Grants, parse_cap, parse_handsets
from .observed_shapes import STALE_AFTER_DAYS, ObservedAnswers, Recordings, ShapeObserver, answer_differences
from .rate_limit import RateLimiter
from .spending_guard import Guard
from .target import Control, EndpointAddress, UnusableError, check_credentials, connect, is_sandbox, start_sandbox

DEFAULT_RATE = 15
"""Calls per second, the limit of the real service."""

RECORDED = Path(__file__).parent / "recorded"

VARIABLES: Mapping[str, str] = {
    "ENDPOINT": "Address of the API, such as https://localhost:8443. Without it, a new sandbox is started.",
    "KEY": "API key. Optional for a sandbox.",
    "SECRET": "Secret of the key.",
    "CA": "File of the certificate authority, if it is not a public one.",
    "TOKEN": "Control token, if the sandbox requires one.",
    "SPEND": "Cap on the costs of a run, in the account's currency. With 0 it may create and remove things.",
    "TO": "Your own handsets that may get messages, separated by commas.",
    "CALLBACK_URL": "Public URL that leads to CALLBACK_PORT on this machine.",
    "CALLBACK_PORT": "Port on loopback where callbacks arrive.",
    "RATE": f"Calls per second. The default is {DEFAULT_RATE}.",
}
"""Environment variables that configure a run."""


@dataclass
class Run:
    """Everything that a run needs. `start_run` creates it, `close` releases it."""

    address: EndpointAddress
    grants: Grants
    http: httpx2.Client = field(repr=False)
    api: Api = field(repr=False)
    control: Control | None = field(repr=False)
    receiver: Receiver | None = field(repr=False)
    observer: ShapeObserver = field(repr=False)
    secrets: Secrets = field(repr=False)
    recordings: Recordings
    is_recording: bool
    exit_stack: ExitStack = field(repr=False)

    def close(self) -> None:
        """Delete tenants, and stop what was started."""
        self.exit_stack.close()

    def differences_from_recording(self, test: str, observed: ObservedAnswers) -> list[str]:
        """Return the differences between a sandbox's answers and the recording of the real endpoint."""
        recording = self.recordings.read(test)
        if recording is None or not self.grants.is_sandbox:
            return []
        return [
            f"{answer} · {difference.path}: {difference.left} here, {difference.right} recorded"
            for answer, difference in answer_differences(observed, recording[1])
        ]

    def recording_state(self, test: str, today: date) -> str:
        """Return `missing`, `stale, of DATE` or `of DATE`."""
        recording = self.recordings.read(test)
        if recording is None:
            return "missing"
        day = recording[0]
        return f"{'stale, of' if (today - day).days > STALE_AFTER_DAYS else 'of'} {day.isoformat()}"


def read_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a run that are not blank."""
    return {name: environment[name].strip() for name in VARIABLES if environment.get(name, "").strip()}


def start_run(variables: Mapping[str, str], recordings: Path | None = None, is_recording: bool = False) -> Run:
    """Find the endpoint, and check that it can be used. Raises UnusableError."""
    exit_stack = ExitStack()
    try:
        return _start_run(variables, exit_stack, Recordings(recordings or RECORDED), is_recording)
    except BaseException:
        exit_stack.close()
        raise


def _start_run(variables: Mapping[str, str], exit_stack: ExitStack, recordings: Recordings, is_recording: bool) -> Run:
    secrets, observer = Secrets(), ShapeObserver()
    address = _find_endpoint(variables, exit_stack)
    if address.credentials:
        secrets.keep(address.credentials)
    secrets.keep_word(address.token or "")
    http = exit_stack.enter_context(connect(address))
    sandbox = is_sandbox(http, address)
    if sandbox and is_recording:
        raise UnusableError("RECORD is for the real endpoint, and this endpoint is a sandbox.")
    credentials, control = address.credentials, None
    if credentials:
        check_credentials(http, address, credentials)
    if sandbox:
        control = Control(http, secrets, credentials, address.token)
        name, credentials = control.create_tenant()
        exit_stack.callback(control.delete_tenant, name)
        control = control.for_account(credentials)
    if credentials is None:
        raise UnusableError("This endpoint is not a sandbox: set KEY and SECRET.")
    receiver = _start_receiver(variables, address, sandbox)
    if receiver:
        exit_stack.callback(receiver.close)
    try:
        spend = parse_cap(variables["SPEND"]) if "SPEND" in variables else None
        grants = Grants(sandbox, spend, parse_handsets(variables.get("TO", "")), receiver is not None)
        limiter = RateLimiter(0 if sandbox else _parse_rate(variables.get("RATE", str(DEFAULT_RATE))))
    except ValueError as error:
        raise UnusableError(str(error)) from error
    api = Api(http, credentials, Guard(grants), limiter, observer, secrets)
    return Run(address, grants, http, api, control, receiver, observer, secrets, recordings, is_recording, exit_stack)


def _find_endpoint(variables: Mapping[str, str], exit_stack: ExitStack) -> EndpointAddress:
    """Return the endpoint of the variables, or start a new sandbox."""
    if "ENDPOINT" not in variables:
        return exit_stack.enter_context(start_sandbox())
    if ("KEY" in variables) != ("SECRET" in variables):
        raise UnusableError("KEY and SECRET go together: set both.")
    credentials = Credentials(variables["KEY"], variables["SECRET"]) if "KEY" in variables else None
    return EndpointAddress(variables["ENDPOINT"], credentials, variables.get("CA"), variables.get("TOKEN"))


def _parse_rate(text: str) -> int:
    """Parse a number of calls per second. Raises ValueError."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError(f"RATE is {text!r}. Give a number of calls per second, from 1 to 9999.")
    return int(text)


def _start_receiver(variables: Mapping[str, str], address: EndpointAddress, sandbox: bool) -> Receiver | None:
    """Start a receiver for CALLBACK_URL, or on loopback if the sandbox is on this machine."""
    if "CALLBACK_URL" in variables:
        try:
            return Receiver(variables["CALLBACK_URL"], int(variables.get("CALLBACK_PORT", "0")))
        except (OSError, ValueError, OverflowError) as error:
            raise UnusableError(f"Cannot listen on CALLBACK_PORT: {error}.") from error
    return Receiver() if sandbox and address.is_local else None


def today() -> date:
    """Return the current date in UTC."""
    return datetime.now(UTC).date()


def read_environment() -> dict[str, Any]:
    """Return the variables of this process."""
    return read_variables(os.environ)
