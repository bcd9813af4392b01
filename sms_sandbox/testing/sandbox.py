"""`Sandbox`: the object that a test works with."""

import atexit
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from ..client import discovery, environment
from ..client.child_server import ChildServer
from ..client.errors import SandboxError, explain_missing_library
from ..client.server_log import ServerLog
from ..control.shapes.accounts import Account
from ..control.shapes.clock import Advanced, Clock
from ..control.shapes.messages import Inbound
from ..control.shapes.server_info import ServerInfo
from ..control.shapes.tenants import CreatedTenant
from .event_loop import check_may_block
from .fault_injection import FaultInjection
from .handset import Handset
from .queries import Queries
from .receiver import Receiver

if TYPE_CHECKING:
    from .thread_server import ThreadServer


class Sandbox(Queries, FaultInjection):
    """A tenant of a sandbox: it has its own account, clock, handsets and callbacks.

    `start` runs a server, `attach` uses one that is running, and `new_tenant` makes another tenant on the same server.
    `close`, or the end of a `with` block, removes what was made.
    """

    def __init__(
        self, where: ServerInfo, name: str = "default", server: "Sandbox | None" = None, log: ServerLog | None = None
    ) -> None:
        """Use a running server.

        `server` is a sandbox on the same server, whose connections are shared. `log` is the server's log.
        """
        super().__init__(where, server)
        self._name = name
        self.log: ServerLog | None = log if server is None else server.log
        """The log of the server; None if the server is not in a process that a test run started."""
        self._receiver: Receiver | None = None
        self._closing: list[Callable[[], object]] = [] if server else [self.close_connections]

    def __repr__(self) -> str:
        return f"<Sandbox {self.url} tenant {self._name!r} key {self.key!r}>"

    # Start, attach and close

    @classmethod
    def start(cls, *, certs: str | Path | None = None, in_process: bool = False, **settings: Any) -> "Sandbox":
        """Start a server in a process of its own and use its default tenant. It ends with this process.

        Args:
            certs: folder of the certificates; a temporary one if left out.
            in_process: run the server on a thread of this process instead, where it sees all that tests patch.
            settings: flags of `sms-sandbox serve` by their names, like `throttle=0` or `delivery_delay=5`. By
                default ports are free ones and everything is in memory.

        Raises SettingsError for a wrong setting, and SandboxError if the server can't start.
        """
        if not in_process:
            return cls.use_server(ChildServer(certs, settings))
        try:
            from .thread_server import ThreadServer  # here, because all else needs no server in this process
        except ModuleNotFoundError as why:
            raise SandboxError(f"The sandbox did not start: {explain_missing_library(why, 'It')}") from why
        return cls.use_server(ThreadServer(certs, settings))

    @classmethod
    def use_server(cls, server: "ChildServer | ThreadServer") -> "Sandbox":
        """Use the default tenant of a server that this process starts. Closing it stops the server.

        Raises SandboxError if the server can't start.
        """
        sandbox = cls(server.info, log=server.log)
        sandbox._closing.append(server.close)
        # If a process does not close its sandbox, the server still ends cleanly.
        atexit.register(sandbox.close)
        return sandbox

    @classmethod
    def attach(
        cls, *, ready_file: str | Path | None = None, http: str | None = None, key: str | None = None,
        secret: str | None = None, token: str | None = None,
    ) -> "Sandbox":  # fmt: skip
        """Use a running server, found by its ready file or its address.

        If neither is given, SMS_SANDBOX_READY_FILE names the file. Without a file, SMS_SANDBOX_HOST and
        SMS_SANDBOX_HTTP_PORT give the address, and SMS_SANDBOX_KEY, SMS_SANDBOX_SECRET and SMS_SANDBOX_CONTROL_TOKEN
        give what the arguments do not. The defaults are those of `sms-sandbox serve`.

        Args:
            ready_file: the file that the server wrote (its flag `--ready-file`).
            http: address of the control API, for example http://localhost:8080.
            key: API key of the account to use; the server's first account if left out.
            secret: API secret of the account.
            token: the control token, if the server asks for one.

        Raises SandboxError if there is no server.
        """
        return cls(discovery.discover_server(ready_file, http, key, secret, token))

    def new_tenant(self, *, frozen: bool | datetime = False, with_receiver: bool = False, **settings: Any) -> "Sandbox":
        """Make a tenant on the same server, without a throttle. Closing it deletes it.

        Args:
            frozen: True freezes its clock now; a datetime freezes it at that time.
            with_receiver: start its `receiver()` at once, which saves a call.
            settings: fields of `POST /tenants`: throttle, seed, balance, profile, strict_senders, delivery_seconds,
                name, key, secret, dlr_url, reply_url, link_hits_url.
        """
        body: dict[str, Any] = {"throttle": 0, "secret": token_hex(16)} | settings
        if frozen:
            body["frozen_at"] = (frozen if isinstance(frozen, datetime) else datetime.now(UTC)).isoformat()
        receiver = Receiver(body["secret"]) if with_receiver else None
        if receiver is not None:
            body = _all_urls(receiver.url) | body
        try:
            created = self.read(CreatedTenant, "POST", "/tenants", body)
        except BaseException:
            if receiver is not None:
                receiver.close()
            raise
        tenant = Sandbox(replace(self.where, key=created.key, secret=created.secret), created.name, self)
        tenant._receiver = receiver
        tenant._closing.append(lambda: tenant.control("DELETE", "/tenants/current"))
        return tenant

    def close(self) -> None:
        """Close the receiver. Delete the tenant if `new_tenant` made it; stop the server if `start` did."""
        atexit.unregister(self.close)
        if self._receiver is not None:
            self._receiver.close()
        while self._closing:
            self._closing.pop(0)()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Addresses and environment for an app

    @property
    def url(self) -> str:
        """Address of the API, for example https://localhost:8443."""
        return self.where.https

    @property
    def ca(self) -> str:
        """Path of the CA certificate that signed the sandbox's certificate."""
        return self.where.ca

    @property
    def ca_bundle(self) -> str:
        """Path of a bundle of that CA certificate and the public ones."""
        return self.where.ca_bundle

    def env(self) -> dict[str, str]:
        """Return this process's environment, with variables for apps that use the sandbox."""
        where = self.where
        return dict(os.environ) | environment.variables(
            Path(where.ca), Path(where.ca_bundle), where.https, where.key, where.secret, os.environ
        )

    # Time

    @property
    def now(self) -> datetime:
        """The time that the tenant's clock shows."""
        return self.read(Clock, "GET", "/clock").now

    def freeze(self) -> datetime:
        """Freeze the clock and return the time it shows."""
        return self.read(Clock, "POST", "/clock/freeze").now

    def resume(self) -> datetime:
        """Resume the clock from the time it shows, and return that time."""
        return self.read(Clock, "POST", "/clock/resume").now

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0, to: datetime | None = None
    ) -> Advanced:
        """Advance the clock by a span or to a time.

        When this returns, everything due on the way has happened: callbacks were sent and answered, and failed ones
        were retried. Raises SandboxError if an app on this thread's event loop would have to answer.
        """
        __tracebackhide__ = True
        check_may_block("advance")
        span = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        body: dict[str, Any] = {name: value for name, value in span.items() if value}
        if to is not None:
            body["to"] = to.isoformat()
        return self.read(Advanced, "POST", "/clock/advance", body)

    # Handsets, callbacks and the account

    def handset(self, number: str) -> Handset:
        """Return a handset of this tenant by its number."""
        return Handset(self, number)

    def send_inbound(self, from_: str, text: str, to: str | int | None = None) -> Inbound:
        """Send a text from a handset. It goes to the number that last wrote to it, or to `to`."""
        body = {"from": from_, "text": text} | ({"to": str(to)} if to is not None else {})
        return self.read(Inbound, "POST", "/inbound", body)

    def receiver(self) -> Receiver:
        """Return a receiver of callbacks.

        The first call starts it. From then on delivery reports, replies and link hits go to it, unless a message was
        sent with another callback URL.
        """
        if self._receiver is None:
            self._receiver = Receiver(self.secret)
            self.call_back(self._receiver.url)
        return self._receiver

    def call_back(self, url: str | None) -> None:
        """Set the default URL of delivery reports, replies and link hits; None for no callbacks.

        A message that is sent with its own callback URL uses that one.
        """
        self.change_account(**_all_urls(url))

    def change_account(self, **settings: Any) -> Account:
        """Change fields of `PATCH /account`: throttle, balance, price, suspended, default callback URLs and more."""
        return self.read(Account, "PATCH", "/account", settings)

    def reset(self, *kinds: str) -> None:
        """Reset the tenant to its first state. Its key, throttle, frozen clock and receiver stay.

        With kinds (messages, contacts, numbers, keywords, rules, faults, mails, clients, clock, traffic), only these
        are emptied.
        """
        self.control("POST", "/tenants/current/reset", {"kinds": kinds} if kinds else None)
        if self._receiver is not None and not kinds:
            self._receiver.clear()
            self.call_back(self._receiver.url)


def _all_urls(url: str | None) -> dict[str, str | None]:
    """Return the default callback URLs of an account if all are the same."""
    return dict.fromkeys(("dlr_url", "reply_url", "link_hits_url"), url)
