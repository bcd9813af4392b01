"""Carries out calls: from a form to an answer. Only this module turns an ApiError into a response."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from ..domain.profiles import PROFILES, Profile
from ..store.accounts import Account
from ..store.database import Store
from ..store.failures import is_database_failure
from ..store.real_time import real_now
from ..store.tenant_versions import TenantBusyError
from ..store.timeline import GoneError
from ..store.unit_of_work import has_failed, scope
from . import fault_injection
from .declare import GATE, Call, Method, Prepare
from .errors import ApiError, Code, Description
from .fault_injection import Injected
from .forms import Form
from .gate import Gate
from .gateway_answers import MAINTENANCE, GatewayAnswer, throttled
from .render import Fixed, Render, Verbatim, to_json

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The result of a call: its code, the response as plain data, and facts for headers and traffic entry."""

    code: Code
    reply: Mapping[str, Any]
    profile: Profile
    billed: int | None = None
    """Messages to bill, one for each recipient; None if the call sent none."""
    injected: Injected | None = None
    """The fault that applies to the call."""
    early_recipients: Sequence[int] = ()
    """Recipients whose delivery reports are called back before this goes out."""
    account: Account | None = None
    """The account that called, even if the call was refused; None if it is unknown."""
    rendered: bytes = b""
    """The body of the response, which is rendered before the call is committed."""
    is_unavailable: bool = False
    """True if the database failed, so that the same call may succeed later."""

    @property
    def rule(self) -> str | None:
        """The fault or magic that changed the outcome, for example `fault 3`."""
        return self.injected.name if self.injected else None

    @property
    def status(self) -> int:
        """The HTTP status the client sees; 0 if a fault lets it see none."""
        if self.gateway:
            return self.gateway.status
        injected = self.injected.status if self.injected else None
        return self.own_status if injected is None else injected

    @property
    def own_status(self) -> int:
        """The HTTP status of the answer without its fault."""
        return 503 if self.is_unavailable else self.code.status

    @property
    def gateway(self) -> GatewayAnswer | None:
        """The gateway's answer, if the client gets that instead of the API's own."""
        fault = self.injected.fault.gateway if self.injected else None
        if fault == "maintenance":
            return MAINTENANCE
        if fault or (self.profile.throttled_by_gateway and self.code is Code.OVER_LIMIT):
            return throttled(self.account.throttle if self.account else 0)
        return None


class Finish(Protocol):
    """Completes an answer in the transaction that carried the call out."""

    def __call__(self, db: Connection, *, answer: Answer) -> Answer: ...


class _Admitted(NamedTuple):
    """A call that the gate admitted: its account, and the fault that applies to it."""

    account: Account
    injected: Injected | None


def answer_call(
    db: Connection, gate: Gate, method: Method, form: Form | None, authorization: str, render: Render = to_json
) -> Answer:
    """Carry out a call. `form` is None if the body does not match its content type.

    A refused call changes nothing, except that it counts for the throttle and for faults. Neither does one whose
    response can't be rendered.
    """
    admitted = _admit(db, gate, method, form, authorization)
    return admitted if isinstance(admitted, Answer) else _carry_out(db, method, form, admitted, render)


async def prepare_and_answer(
    store: Store, gate: Gate, method: Method, form: Form, authorization: str, prepare: Prepare, finish: Finish,
    render: Render = to_json,
) -> Answer:  # fmt: skip
    """Carry out a call whose method needs a long preparation. Other calls are answered meanwhile."""
    tenants = gate.tenants_of(authorization)

    def admit(db: Connection) -> _Admitted | Answer:
        admitted = _admit(db, gate, method, form, authorization)
        return finish(db, answer=admitted) if isinstance(admitted, Answer) else admitted

    admitted = await store.run(admit, tenants)
    if isinstance(admitted, Answer):
        return admitted
    prepared: object = None
    refusal: Answer | None = None
    try:
        prepared = await prepare(store, admitted.account, **method.arguments(admitted.account, form))
    except ApiError as refused:
        refusal = _refuse(refused, method, *admitted)
    except Exception:
        log.exception("%s failed", method.name)
        refusal = _refusal(Code.FAILED, Code.FAILED.text, *admitted)
    return await store.run(
        lambda db: finish(db, answer=refusal or _carry_out(db, method, form, admitted, render, prepared)), tenants
    )


def _admit(db: Connection, gate: Gate, method: Method, form: Form | None, authorization: str) -> _Admitted | Answer:
    """Admit a call, or return the answer if the gate or a fault refuses it."""
    account = injected = None
    try:
        account = gate.admit(db, authorization)
        injected = fault_injection.find_fault(db, account, method, form)
        if injected and not injected.fault.carries_out:
            described = fault_injection.describe_error(injected.code, account, method, form)
            return _refusal(injected.code, described, account, injected)
        method.check_access(account)
        if reached := gate.find_reached_quota(db, account, method):  # a refusal of the sandbox, not of the real service
            return _refusal(Code.NO_ACCESS, reached, account, injected)
    except ApiError as refused:
        return _refuse(refused, method, account or gate.find_caller(db, authorization), injected)
    except Exception as error:  # noqa: BLE001 (answered as FAILED)
        return _fail(db, error, method, account, injected)
    return _Admitted(account, injected)


def _carry_out(
    db: Connection, method: Method, form: Form | None, admitted: _Admitted, render: Render, prepared: object = None
) -> Answer:
    account, injected = admitted
    try:
        with scope(db):
            call = Call(db, account, account.clock.now(real_now()), prepared)
            reply, early_recipients = method(call, _require_form(form))
            billed = reply[method.bills_messages] if method.bills_messages else None
            reply = {**reply, **_SUCCESS}
            profile, rendered = PROFILES[account.profile], render(reply)
    except ApiError as refused:
        return _refuse(refused, method, account, injected)
    except GoneError:  # the tenant was deleted meanwhile, so the account is unknown now
        return _refusal(Code.AUTH_FAILED, Code.AUTH_FAILED.text, account, injected)._replace(account=None)
    except Exception as error:  # noqa: BLE001 (answered as FAILED)
        return _fail(db, error, method, account, injected)
    return Answer(Code.SUCCESS, reply, profile, billed, injected, early_recipients, account, rendered)


def _fail(
    db: Connection, error: Exception, method: Method, account: Account | None, injected: Injected | None
) -> Answer:
    """Return the answer FAILED for an error in the sandbox. Raises again if database or transaction failed."""
    if isinstance(error, TenantBusyError) or has_failed(db, error) or is_database_failure(error):
        raise error
    log.error("%s failed", method.name, exc_info=error)
    return _refusal(Code.FAILED, Code.FAILED.text, account, injected)


def _refuse(refused: ApiError, method: Method, account: Account | None, injected: Injected | None) -> Answer:
    """Return the answer for an error; FAILED if the method does not declare its code."""
    if refused.code in method.errors or refused.code in GATE:
        return _refusal(refused.code, refused.description, account, injected)
    log.error("%s does not declare the error %s", method.name, refused.code.name, exc_info=refused)
    return _refusal(Code.FAILED, Code.FAILED.text, account, injected)


def _refusal(code: Code, description: Description, account: Account | None, injected: Injected | None) -> Answer:
    profile = PROFILES[account.profile if account else "seed"]
    answer = Answer(code, build_error(code, description), profile, injected=injected, account=account)
    return answer._replace(reply=answer.gateway.reply) if answer.gateway else answer


def _require_form(form: Form | None) -> Form:
    if form is None:
        raise ApiError(Code.FIELD_INVALID, "The body of the request can not be read.")
    return form


def build_error(code: Code, description: Description) -> Mapping[str, Any]:
    """Return the error block, which is last in every response. A sentence never becomes a number."""
    text_or_lists = Verbatim(description) if isinstance(description, str) else description
    return {"error": {"code": code.name, "description": text_or_lists}}


_SUCCESS = {"error": Fixed(build_error(Code.SUCCESS, Code.SUCCESS.text)["error"])}
