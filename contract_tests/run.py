"""A run of the suite: its endpoint, its grants, and all it has come to know."""

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
from .grants import Grants, cap, handsets
from .observed_shapes import STALE, Recordings, Seen, Watch, unlike
from .rate_limit import Pacer
from .spending_guard import Guard
from .target import Control, UnusableError, Where, check_credentials, connect, fresh_sandbox, is_sandbox

RATE = 15
RECORDED = Path(__file__).parent / "recorded"

VARIABLES: Mapping[str, str] = {
    "ENDPOINT": "Where the API is, as https://localhost:8443; without it a sandbox is started.",
    "KEY": "The API key. Against a sandbox it may be left out.",
    "SECRET": "Its secret.",
    "CA": "File of the authority behind the endpoint's certificate, where it is no public one.",
    "TOKEN": "The control token of a sandbox that asks for one.",
    "SPEND": "Cap on what a run may cost, in the account's currency; 0 lets it make and remove things.",
    "TO": "Handsets of yours that may get messages, with commas between.",
    "CALLBACK_URL": "A public URL that leads to CALLBACK_PORT on this machine.",
    "CALLBACK_PORT": "The port of loopback where callbacks arrive.",
    "RATE": f"Calls in any second; {RATE} if not given.",
}
"""What a run is told, by environment variables of these names."""


@dataclass
class Run:
    """Everything a run has; `open` makes it. Closed by `close`."""

    where: Where
    grants: Grants
    http: httpx2.Client = field(repr=False)
    api: Api = field(repr=False)
    control: Control | None = field(repr=False)
    receiver: Receiver | None = field(repr=False)
    watch: Watch = field(repr=False)
    secrets: Secrets = field(repr=False)
    recordings: Recordings
    is_recording: bool
    closing: ExitStack = field(repr=False)

    def close(self) -> None:
        """Let everything go."""
        self.closing.close()

    def unlike_the_recording(self, test: str, seen: Seen) -> list[str]:
        """Where a sandbox answered otherwise than the real endpoint was recorded to."""
        kept = self.recordings.read(test)
        if kept is None or not self.grants.is_sandbox:
            return []
        return [f"{at} · {each.at}: {each.this} here, {each.that} recorded" for at, each in unlike(seen, kept[1])]

    def state_of_recording(self, test: str, today: date) -> str:
        """`missing`, `stale since …` or `of …`."""
        kept = self.recordings.read(test)
        if kept is None:
            return "missing"
        return f"{'stale, of' if (today - kept[0]).days > STALE else 'of'} {kept[0].isoformat()}"


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """What a run is told, blanks left out."""
    return {name: environment[name].strip() for name in VARIABLES if environment.get(name, "").strip()}


def begin(given: Mapping[str, str], recordings: Path | None = None, is_recording: bool = False) -> Run:
    """Find the endpoint and see whether it can be used. Raises UnusableError."""
    closing = ExitStack()
    try:
        return _begin(given, closing, Recordings(recordings or RECORDED), is_recording)
    except BaseException:
        closing.close()
        raise


def _begin(given: Mapping[str, str], closing: ExitStack, recordings: Recordings, is_recording: bool) -> Run:
    secrets, watch = Secrets(), Watch()
    where = _place(given, closing)
    if where.credentials:
        secrets.keep(where.credentials)
    secrets.keep_word(where.token or "")
    http = closing.enter_context(connect(where))
    sandbox = is_sandbox(http, where)
    if sandbox and is_recording:
        raise UnusableError("RECORD keeps what the real endpoint answers, and this endpoint is a sandbox.")
    credentials, control = where.credentials, None
    if credentials:
        check_credentials(http, where, credentials)
    if sandbox:
        control = Control(http, secrets, credentials, where.token)
        name, credentials = control.tenant()
        closing.callback(control.remove, name)
        control = control.of(credentials)
    if credentials is None:
        raise UnusableError("This endpoint is no sandbox: give KEY and SECRET.")
    receiver = _receiver(given, where, sandbox)
    if receiver:
        closing.callback(receiver.close)
    try:
        spend = cap(given["SPEND"]) if "SPEND" in given else None
        grants = Grants(sandbox, spend, handsets(given.get("TO", "")), receiver is not None)
        pacer = Pacer(0 if sandbox else _rate(given.get("RATE", str(RATE))))
    except ValueError as why:
        raise UnusableError(str(why)) from why
    api = Api(http, credentials, Guard(grants), pacer, watch, secrets)
    return Run(where, grants, http, api, control, receiver, watch, secrets, recordings, is_recording, closing)


def _place(given: Mapping[str, str], closing: ExitStack) -> Where:
    """The endpoint as it was given, or a fresh sandbox."""
    if "ENDPOINT" not in given:
        return closing.enter_context(fresh_sandbox())
    if ("KEY" in given) != ("SECRET" in given):
        raise UnusableError("KEY and SECRET go together: give both.")
    credentials = Credentials(given["KEY"], given["SECRET"]) if "KEY" in given else None
    return Where(given["ENDPOINT"], credentials, given.get("CA"), given.get("TOKEN"))


def _rate(given: str) -> int:
    """Calls in any second. Raises ValueError with a sentence."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", given):
        raise ValueError(f"RATE is {given!r}, which is no number of calls a second.")
    return int(given)


def _receiver(given: Mapping[str, str], where: Where, sandbox: bool) -> Receiver | None:
    """Where callbacks arrive: at the public URL that was given, or on loopback for a sandbox that is there too."""
    if "CALLBACK_URL" in given:
        try:
            return Receiver(given["CALLBACK_URL"], int(given.get("CALLBACK_PORT", "0")))
        except (OSError, ValueError, OverflowError) as why:
            raise UnusableError(f"CALLBACK_PORT can't be listened on: {why}.") from why
    return Receiver() if sandbox and where.is_here else None


def today() -> date:
    """The day, in UTC."""
    return datetime.now(UTC).date()


def environment() -> dict[str, Any]:
    """What this process was told."""
    return told(os.environ)
