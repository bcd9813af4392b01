"""A call, from form to reply. The only place that turns a refusal into words on the wire."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..domain.clock import real_now
from ..domain.profiles import PROFILES, Profile
from ..store.accounts import Account
from ..store.database import Store
from ..store.timeline import GoneError
from . import fault_injection
from .declare import GATE, Call, Method, Unfinished, Work
from .errors import ApiError, Code, Description
from .fault_injection import Injected
from .forms import Form
from .gate import Gate
from .render import Fixed, Verbatim

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What goes out: the code with its status, the reply as plain data, and what the headers tell."""

    code: Code
    reply: Mapping[str, Any]
    profile: Profile
    sent_to: int | None = None
    """Messages to bill, one for each recipient; None if the call sent none."""
    injected: Injected | None = None
    """The fault that meets the call."""
    told_first: Sequence[tuple[int, int]] = ()
    """Tenant and id of recipients whose reports are to be called back before this goes out."""
    account: Account | None = None
    """Whose call it is, whether or not it was let in; None where nobody knows."""

    @property
    def rule(self) -> str | None:
        """What made it other than it would have been, as `fault 3`."""
        return self.injected.name if self.injected else None

    @property
    def status(self) -> int:
        """The HTTP status the client sees; 0 where a fault lets it see none."""
        seen = self.injected.status if self.injected else None
        return self.code.status if seen is None else seen


def answer(store: Store, gate: Gate, method: Method, form: Form | None, authorization: str) -> Answer:
    """Carry a call out. `form` is None where the body could not be read as what it says it is."""
    steps = answer_in_steps(store, gate, method, form, authorization)
    return next(step for step in steps if step is not None)


def answer_in_steps(
    store: Store, gate: Gate, method: Method, form: Form | None, authorization: str
) -> Iterator[Answer | None]:
    """Carry a call out in steps so short that other calls can wait for each: None after all but the last.

    What the gate counts is kept whatever becomes of the call; a call refused later leaves nothing behind.
    """
    profile, injected, account = PROFILES["seed"], None, None
    try:
        account = gate.admit(authorization)
        profile = PROFILES[account.profile]
        injected = fault_injection.find_fault(store, account, method, form)
        if injected and not injected.fault.carries_out:
            refusal = verdict(injected.code, injected.code.text)
            yield Answer(injected.code, refusal, profile, injected=injected, account=account)
            return
        method.check_access(account)
        done: Work | None = None
        while True:
            try:
                with store.begin() as db:
                    call = Call(db, account, account.clock.now(real_now()), [], done)
                    reply = method(call, readable(form))
                break
            except Unfinished as unfinished:
                done = unfinished.work
            finished = False
            while not finished:
                yield None
                with store.begin() as db:
                    finished = done.go_on(db)
            yield None
    except ApiError as refused:
        if refused.code in method.errors or refused.code in GATE:
            refusal, whose = verdict(refused.code, refused.description), account or gate.find_caller(authorization)
            yield Answer(refused.code, refusal, profile, injected=injected, account=whose)
            return
        log.exception("%s does not declare that it refuses with %s", method.name, refused.code.name)
    except GoneError:  # as if it had come a moment later
        refusal = verdict(Code.AUTH_FAILED, Code.AUTH_FAILED.text)
        yield Answer(Code.AUTH_FAILED, refusal, profile, injected=injected)
        return
    except Exception:
        log.exception("%s failed", method.name)
    else:
        sent_to = reply[method.bills_messages] if method.bills_messages else None
        told_first = [(account.tenant, recipient) for recipient in call.told_first]
        yield Answer(Code.SUCCESS, {**reply, **_SUCCESS}, profile, sent_to, injected, told_first, account)
        return
    yield Answer(Code.FAILED, verdict(Code.FAILED, Code.FAILED.text), profile, injected=injected, account=account)


def readable(form: Form | None) -> Form:
    if form is None:
        raise ApiError(Code.FIELD_INVALID, "The body of the request can not be read.")
    return form


def verdict(code: Code, description: Description) -> Mapping[str, Any]:
    """The error block, which stands last in every reply. Its texts never turn into numbers."""
    if isinstance(description, str):
        return {"error": {"code": code.name, "description": Verbatim(description)}}
    lists = {name: [Verbatim(each) for each in listed] for name, listed in description.items()}
    return {"error": {"code": code.name, "description": lists}}


_SUCCESS = {"error": Fixed(verdict(Code.SUCCESS, Code.SUCCESS.text)["error"])}
