"""Faults at the API: which one meets a call, and what the client then sees of it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from starlette.types import Message, Receive, Scope, Send

from ..domain import numbers
from ..domain.clock import real_now
from ..domain.faults import MAGIC_KEYS, MAGIC_SENDERS, PAGES, Fault, magic_key_rule
from ..domain.rule_match import Subject, international
from ..store import rules
from ..store.accounts import Account
from ..store.database import Store
from .asgi_extensions import CONNECTION
from .declare import GATE, Method
from .errors import Code
from .forms import Form
from .http_responses import send_page, send_whole

Reply = Callable[[Send], Awaitable[None]]

_MAX_NUMBERS = 500
"""Numbers of one call that are compared with a fault. No method takes more, and reading one takes time."""


@dataclass(frozen=True)
class Injected:
    """A fault that meets a call: what it is called, and the seconds it delays the answer."""

    name: str
    fault: Fault
    seconds: float = 0.0

    @property
    def code(self) -> Code:
        """What a call is refused with that is not carried out; one whose client sees no refusal has failed."""
        return Code[self.fault.error] if self.fault.error else Code.FAILED

    @property
    def status(self) -> int | None:
        """The HTTP status the client sees, where it is not that of the reply; 0 where it sees none."""
        if self.fault.connection:
            return 0
        return 200 if self.fault.body == "html" else self.fault.status


# Which one


def find(store: Store, account: Account, method: Method, form: Form | None) -> Injected | None:
    """The fault that meets a call, which is counted by that; the tenant's own come before those built in."""
    sender = _sender(method, form) if form else ""
    if account.faulty and (found := _of_tenant(store, account, method, form or {})):
        return found
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
    """Return True if the method, or the gate in front of it, answers with this code at times."""
    return Code[code] in method.errors or Code[code] in GATE


def _of_tenant(store: Store, account: Account, method: Method, form: Form) -> Injected | None:
    subject = Subject(_numbers(method, form), _sender(method, form), form.get("message", ""), account.key)
    now = account.clock.now(real_now())
    with store.begin() as db:
        found = rules.deciding(
            db, account.tenant, rules.API, subject, now, account.seed,
            lambda rule: rule.what.get("method") in (None, method.name),
        )  # fmt: skip
    if found is None:
        return None
    fault = Fault(**found.what)
    return Injected(f"fault {found.id}", fault, fault.wait(account.seed, found.id, found.seen))


def _numbers(method: Method, form: Form) -> list[str]:
    """Return the numbers a call names, in international form if they can be read."""
    country = form.get("countrycode", "")
    region = numbers.region_of(country) if country else None
    written = (each for name in method.number_fields for each in form.get(name, "").split(",") if each.strip())
    found: list[str] = []
    for each in islice(written, _MAX_NUMBERS):
        msisdn = numbers.to_msisdn(each, region)
        with suppress(ValueError):
            found.append(msisdn or international(numbers.bare(each) or each))
    return found


# What the client sees


class Effects:
    """Lets faults take effect on answers; `stop` ends those that would never come."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Task[object]] = set()

    async def answer(self, injected: Injected, scope: Scope, receive: Receive, send: Send, reply: Reply) -> None:
        """Answer a call as its fault wants it; `reply` would send the ordinary answer."""
        fault = injected.fault
        if fault.connection == "stall" or injected.seconds:
            gone = await self._wait(receive, injected.seconds or None)
            if gone:
                return
        if fault.connection:
            await _end_connection(scope, receive, with_reset=True)
        elif fault.status:
            # As nginx: behind a 500 it ends the connection, behind the others it does not.
            await send_page(send, fault.status, f"{fault.status} {PAGES[fault.status]}", close=fault.status == 500)
        elif fault.body == "html":
            await send_page(send, 200, "Down for maintenance")
        elif fault.body:
            start, whole = await _told(reply)
            if fault.body == "malformed":
                await send_whole(send, start["status"], start["headers"], whole.rstrip()[:-1])
            else:
                length = (b"content-length", str(len(whole)).encode())
                await send({**start, "headers": [*start["headers"], length]})
                await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
                await _end_connection(scope, receive, with_reset=False)
        else:
            await reply(send)

    async def _wait(self, receive: Receive, seconds: float | None) -> bool:
        """Wait so long, or for ever; whether the client has gone away meanwhile."""
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            async with asyncio.timeout(seconds):
                await _departure(receive)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(task)
        return True

    def stop(self) -> None:
        """Break off all that waits; whoever called is told that the server stops."""
        for task in list(self._waiting):
            task.cancel()


async def _told(reply: Reply) -> tuple[Message, bytes]:
    """How an answer begins, and its body."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await reply(keep)
    start, *bodies = messages
    return start, b"".join(each["body"] for each in bodies)


async def _end_connection(scope: Scope, receive: Receive, with_reset: bool) -> None:
    extension = scope.get("extensions", {}).get(CONNECTION)
    if extension is None:
        raise ConnectionError("There is no connection to end: the application runs without a server of ours.")
    extension["end"](with_reset)
    await _departure(receive)  # a server would complain of an answer that never came if it were told before


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
