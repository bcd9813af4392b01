"""Fault injection for API calls: finds the fault for a call, and shows its effect to the client."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import islice

from msgspec import Struct
from sqlalchemy import Connection
from starlette.types import Message, Receive, Scope, Send

from ..domain import numbers
from ..domain.faults import MAGIC_KEYS, MAGIC_SENDERS, STATUS_TITLES, Fault, magic_key_rule
from ..domain.profiles import PROFILES
from ..domain.rule_match import Subject, to_international
from ..store import rules
from ..store.accounts import Account
from ..store.real_time import real_now
from .asgi_extensions import CONNECTION
from .declare import GATE, Method
from .errors import Code, Description
from .forms import Form
from .http_responses import send_page, send_response
from .recipients_error import describe_recipients

_SendResponse = Callable[[Send], Awaitable[None]]
"""Sends the ordinary response of a call."""

_MAX_NUMBERS = 500
"""Numbers of one call that are compared with a fault. No method takes more, and reading one takes time."""


class Injected(Struct, frozen=True):
    """A fault that applies to a call. `name` is the `rule` of the call's traffic entry."""

    name: str
    fault: Fault
    delay_seconds: float = 0.0

    @property
    def code(self) -> Code:
        """Return the code in the traffic entry of a call that is not carried out.

        It is FAILED for faults of another kind than `error`, because the client gets no code. A gateway that throttles
        means OVER_LIMIT.
        """
        if self.fault.gateway == "throttled":
            return Code.OVER_LIMIT
        return Code[self.fault.error] if self.fault.error else Code.FAILED

    @property
    def status(self) -> int | None:
        """Return the HTTP status the client sees: 0 if none, None if it is the usual one."""
        if self.fault.connection:
            return 0
        return 200 if self.fault.body == "html" else self.fault.status


# Find the fault for a call


def find_fault(db: Connection, account: Account, method: Method, form: Form | None) -> Injected | None:
    """Return the fault that applies to a call, and count it. The tenant's faults come before magic senders and keys."""
    sender = _sender(method, form) if form else ""
    if account.faulty and (injected := _find_tenant_fault(db, account, method, form or {})):
        return injected
    word = sender.strip().upper()
    if word in MAGIC_SENDERS and _may_refuse(method, MAGIC_SENDERS[word]):
        return Injected(f"magic sender {word}", Fault(rules.API, error=MAGIC_SENDERS[word]))
    if account.magic and _may_refuse(method, MAGIC_KEYS[account.magic]):
        return Injected(magic_key_rule(account.magic), Fault(rules.API, error=MAGIC_KEYS[account.magic]))
    return None


def _sender(method: Method, form: Form) -> str:
    """Return the text of the field that says who sends; "" if the call has none."""
    field = method.sender_field
    return form.get(field, "") if field else ""


def _may_refuse(method: Method, code: str) -> bool:
    """Return True if calls of the method can be answered with this code."""
    return Code[code] in method.errors or Code[code] in GATE


def _find_tenant_fault(db: Connection, account: Account, method: Method, form: Form) -> Injected | None:
    subject = Subject(_numbers(method, form), _sender(method, form), form.get("message", ""), account.key)
    now = account.clock.now(real_now())
    rule = rules.find_deciding(
        db, account.tenant, rules.API, subject, now, account.seed,
        lambda rule: rule.what.get("method") in (None, method.name),
    )  # fmt: skip
    if rule is None:
        return None
    fault = Fault(**rule.what)
    return Injected(f"fault {rule.id}", fault, fault.delay_seconds(account.seed, rule.id, rule.seen))


def _numbers(method: Method, form: Form) -> list[str]:
    """Return the numbers a call names, in international form if they can be read."""
    country = form.get("countrycode", "")
    region = numbers.find_region(country) if country else None
    written = (raw for name in method.number_fields for raw in form.get(name, "").split(",") if raw.strip())
    msisdns: list[str] = []
    for raw in islice(written, _MAX_NUMBERS):
        msisdn = numbers.to_msisdn(raw, region)
        with suppress(ValueError):
            msisdns.append(msisdn or to_international(numbers.parse_digits(raw) or raw))
    return msisdns


def describe_error(code: Code, account: Account, method: Method, form: Form | None) -> Description:
    """Return the description of an injected error: its usual one, or for RECIPIENTS_ERROR the call's numbers."""
    if code is not Code.RECIPIENTS_ERROR:
        return code.text
    written = (raw.strip() for name in method.number_fields for raw in (form or {}).get(name, "").split(","))
    refused = [(raw, False) for raw in islice(filter(None, written), _MAX_NUMBERS)]
    return describe_recipients(PROFILES[account.profile], refused)


# Show its effect to the client


class FaultEffects:
    """Applies faults to responses. `stop` ends the calls that faults keep waiting."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Task[object]] = set()

    async def respond(
        self, injected: Injected, scope: Scope, receive: Receive, send: Send, send_ordinary: _SendResponse
    ) -> None:
        """Respond to a call as its fault demands; `send_ordinary` sends the ordinary response."""
        fault = injected.fault
        if fault.connection == "stall" or injected.delay_seconds:
            client_is_gone = await self._wait(receive, injected.delay_seconds or None)
            if client_is_gone:
                return
        if fault.connection:
            await _end_connection(scope, receive, with_reset=True)
        elif fault.status:
            # As nginx does: it closes the connection after a 500, and keeps it open after the others.
            await send_page(
                send, fault.status, f"{fault.status} {STATUS_TITLES[fault.status]}", close=fault.status == 500
            )
        elif fault.body == "html":
            await send_page(send, 200, "Down for maintenance")
        elif fault.body:
            start, body = await _capture(send_ordinary)
            if fault.body == "malformed":
                await send_response(send, start["status"], start["headers"], body.rstrip()[:-1])
            else:
                length = (b"content-length", str(len(body)).encode())
                await send({**start, "headers": [*start["headers"], length]})
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await _end_connection(scope, receive, with_reset=False)
        else:
            await send_ordinary(send)

    async def _wait(self, receive: Receive, seconds: float | None) -> bool:
        """Wait for a time, or without end; return True if the client disconnected meanwhile."""
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            async with asyncio.timeout(seconds):
                await _wait_for_disconnect(receive)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(task)
        return True

    def stop(self) -> None:
        """Cancel all waiting calls; their clients are told that the server stops."""
        for task in list(self._waiting):
            task.cancel()


async def _capture(send_ordinary: _SendResponse) -> tuple[Message, bytes]:
    """Return the start message and the body of a response, instead of sending them."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await send_ordinary(keep)
    start, *bodies = messages
    return start, b"".join(message["body"] for message in bodies)


async def _end_connection(scope: Scope, receive: Receive, with_reset: bool) -> None:
    extension = scope.get("extensions", {}).get(CONNECTION)
    if extension is None:
        raise ConnectionError("Cannot end the connection: this server lacks the extension of sms-sandbox's own server.")
    extension["end"](with_reset)
    await _wait_for_disconnect(receive)  # the server reports an error if the application returns without a response


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
