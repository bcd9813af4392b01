"""`Sandbox`: what a test holds."""

import atexit
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

from ..client import environment
from ..client.control import PATIENCE, SandboxError, Whereabouts
from ..client.discovery import find
from ..control.shapes.accounts import Account
from ..control.shapes.clock import Advanced, Clock
from ..control.shapes.messages import Inbound
from .fault_injection import Failing
from .handset import Handset
from .queries import Looking
from .receiver import Receiver


class Sandbox(Looking, Failing):
    """A world of a sandbox: an account of its own, a clock, handsets, callbacks.

    `start` runs a server in this process, `attach` finds one that runs already, and `new_tenant` makes another world
    on the same server. `close`, or the end of a `with` block, takes away what was made.
    """

    def __init__(self, where: Whereabouts, name: str = "default", server: "Sandbox | None" = None) -> None:
        """A sandbox at its whereabouts; `server` is one on the same server, whose connections to share."""
        super().__init__(where, server)
        self._name = name
        self._receiver: Receiver | None = None
        self._closing: list[Callable[[], object]] = [] if server else [self.hang_up]

    def __repr__(self) -> str:
        return f"<Sandbox {self.url} tenant {self._name!r} key {self.key!r}>"

    # Where it comes from

    @classmethod
    def start(cls, *, certs: str | Path | None = None, **settings: Any) -> "Sandbox":
        """Start a server on a thread of this process and act on its default tenant.

        Args:
            certs: folder of the certificates; a temporary one, if not given.
            settings: any flag of `sms-sandbox serve` by its name, as `throttle=0` or `delivery_delay=5`. Unless they
                say otherwise, ports are free ones and everything is in memory.

        Raises SettingsError, ServerError, StoreError or CertificateError where it can't.
        """
        from .local_server import Running  # here, since who attaches needs no server

        running = Running(certs, settings)
        sandbox = cls(running.where)
        sandbox._closing.insert(0, running.close)
        # The thread does not hold up a process whose tests forgot it; it ends in order all the same.
        atexit.register(sandbox.close)
        return sandbox

    @classmethod
    def attach(
        cls, *, ready_file: str | Path | None = None, http: str | None = None, key: str | None = None,
        secret: str | None = None, token: str | None = None,
    ) -> "Sandbox":  # fmt: skip
        """Act on a server that runs: as its ready file says, or at the address of its control API.

        Given neither, SMS_SANDBOX_READY_FILE names the file. Without one, the address is this machine's port
        SMS_SANDBOX_HTTP_PORT, and SMS_SANDBOX_KEY, SMS_SANDBOX_SECRET and SMS_SANDBOX_CONTROL_TOKEN say what is not
        given; what they do not say either is as `sms-sandbox serve` has it by default.

        Args:
            ready_file: what the server wrote by its own `--ready-file`.
            http: address of its control API, as http://localhost:8080.
            key: of the account to act as, if it is not the server's first.
            secret: the account's.
            token: the control token, where the server asks for one.
        """
        return cls(find(ready_file, http, key, secret, token))

    def new_tenant(self, *, frozen: bool | datetime = False, **settings: Any) -> "Sandbox":
        """Make a world of its own on the same server, without a throttle; closing it deletes it.

        Args:
            frozen: let its clock stand, at this moment or a given one, until it is advanced.
            settings: what `POST /tenants` takes: throttle, seed, balance, profile, strict_senders, delivery_seconds,
                name, key, secret.
        """
        body = {"throttle": 0} | settings
        if frozen:
            body["frozen_at"] = (frozen if isinstance(frozen, datetime) else datetime.now(UTC)).isoformat()
        made = self.control("POST", "/tenants", body)
        tenant = Sandbox(replace(self.where, key=made["key"], secret=made["secret"]), made["name"], self)
        tenant._closing.append(lambda: tenant.control("DELETE", "/tenants/current"))
        return tenant

    def close(self) -> None:
        """Take away what was made: the receiver; the tenant, if it is one of `new_tenant`; the server, if it was
        started here."""
        atexit.unregister(self.close)
        if self._receiver is not None:
            self._receiver.close()
        while self._closing:
            self._closing.pop(0)()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Where an app finds it

    @property
    def url(self) -> str:
        """Where the API is, such as https://localhost:8443."""
        return self.where.https

    @property
    def ca(self) -> str:
        """Path of the certificate that signs the sandbox's own."""
        return self.where.ca

    @property
    def ca_bundle(self) -> str:
        """Path of a bundle of that one and the public ones."""
        return self.where.ca_bundle

    def env(self) -> dict[str, str]:
        """This process's environment, with what makes a program started in it find and trust the sandbox."""
        where = self.where
        found = environment.variables(Path(where.ca), Path(where.ca_bundle), where.https, where.key, where.secret)
        return dict(os.environ) | found

    # Time

    @property
    def now(self) -> datetime:
        """What the tenant's clock shows."""
        return self._read(Clock, "GET", "/clock").now

    def freeze(self) -> datetime:
        """Let the clock stand; what it shows."""
        return self._read(Clock, "POST", "/clock/freeze").now

    def resume(self) -> datetime:
        """Let the clock go on from what it shows; what that is."""
        return self._read(Clock, "POST", "/clock/resume").now

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0, to: datetime | None = None
    ) -> Advanced:
        """Let time pass, by a span or to a moment. When this returns, all that was due on the way has happened,
        callbacks sent and answered and tried again too."""
        span = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        body: dict[str, Any] = {name: value for name, value in span.items() if value}
        if to is not None:
            body["to"] = to.isoformat()
        return self._read(Advanced, "POST", "/clock/advance", body)

    # Handsets and receivers

    def handset(self, number: str) -> Handset:
        """A phone of this world, by its number."""
        return Handset(self, number)

    def send_inbound(self, from_: str, text: str, to: str | int | None = None) -> Inbound:
        """Send as a handset: to the number that last wrote to it, or to another one."""
        body = {"from": from_, "text": text} | ({"to": str(to)} if to is not None else {})
        return self._read(Inbound, "POST", "/inbound", body)

    def receiver(self) -> Receiver:
        """A receiver of callbacks, made when it is first asked for: from then on delivery reports, replies and link
        hits go to it, unless whoever sends a message names another URL."""
        if self._receiver is None:
            self._receiver = Receiver(self.secret)
            self.call_back(self._receiver.url)
        return self._receiver

    def call_back(self, url: str | None) -> None:
        """Let delivery reports, replies and link hits go to a URL (None for nowhere), unless whoever sends a message
        names another one."""
        self.change_account(dlr_url=url, reply_url=url, link_hits_url=url)

    def change_account(self, **settings: Any) -> Account:
        """Change what `PATCH /account` takes: throttle, balance, price, suspended, default callback URLs and more."""
        return self._read(Account, "PATCH", "/account", settings)

    def reset(self, *kinds: str) -> None:
        """Make this world as fresh as it once was; its key, throttle, standing clock and receiver stay.

        Of kinds that are named (messages, contacts, numbers, keywords, rules, faults, mails, clients, clock, traffic)
        only what belongs to them is emptied.
        """
        self.control("POST", "/tenants/current/reset", {"kinds": kinds} if kinds else None)
        if self._receiver is not None and not kinds:
            self._receiver.clear()
            self.call_back(self._receiver.url)

    def _open_link(self, link: str) -> str:
        try:
            status, headers, _ = self._http.request("GET", f"/{link}", None, {}, PATIENCE)
        except (OSError, HTTPException) as why:
            raise SandboxError(f"{link} can't be opened: {why}.") from why
        if status >= 400:
            raise SandboxError(f"{link} leads nowhere.", status=status)
        return headers.get("location") or ""
