"""`@method` turns a function into a method of the API. The signature is the whole declaration."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    TypeAlias,
    TypedDict,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from ..domain import profiles
from ..domain.profiles import Profile
from ..store.accounts import Account
from ..store.paging import UNSIZED, Paging
from .errors import FEATURE_CLOSED, ApiError, Code
from .forms import Form
from .params import Param
from .schema import ADDRESS, SECRET, find_marked_keys

ALWAYS = frozenset({Code.FIELD_INVALID})
"""Errors of every method: for an invalid parameter, or for a body that cannot be read."""

GATE = frozenset({Code.AUTH_FAILED_NO_DATA, Code.AUTH_FAILED, Code.OVER_LIMIT, Code.ACCOUNT_EXPIRED})
"""Errors that any call can get before its method runs."""


_Hint: TypeAlias = Callable[[Form], str | None]
"""Returns advice on the form of a call, or None."""


Prepare: TypeAlias = Callable[..., Awaitable[Any]]
"""Does work that is too long for the transaction of a method.

Other calls wait for that transaction. The function is called with the store, the account, and the method's arguments
by name. Its result is the call's `prepared`.
"""

R = TypeVar("R", bound=Mapping[str, Any])


class Call(NamedTuple):
    """A call as its method sees it: the open transaction, the account, and the tenant's time."""

    db: Connection
    account: Account
    now: datetime
    prepared: Any = None
    """The result of the method's `prepare`; None if the call needed none."""

    @property
    def tenant(self) -> int:
        return self.account.tenant

    @property
    def profile(self) -> Profile:
        return profiles.PROFILES[self.account.profile]


class Nothing(TypedDict):
    """A response without data, only the error block."""


class Outcome(NamedTuple, Generic[R]):
    """A response that is sent only after the early delivery reports of these recipients."""

    reply: R
    early_recipients: Sequence[int]


class Method(Struct, frozen=True, eq=False, dict=True):
    """A method of the API, as its function declares it.

    `empty` is the sentence for a missing required parameter, with its name at {}. `bills_messages` is the key of the
    response that holds the number of messages to bill. `hints` checks for likely mistakes, and `prepare` does long work
    before the method; both are keyed by the form field that they need. `adds` is the kind of data that a quota limits.
    """

    name: str
    group: str
    run: Callable[..., Mapping[str, Any]]
    params: Mapping[str, Param]
    required: Sequence[str]
    defaults: Mapping[str, Any]
    returns: type
    errors: frozenset[Code]
    empty: str
    doc: str
    resellers_only: bool = False
    bills_messages: str = ""
    hints: Mapping[str, _Hint] = field(default_factory=dict)
    prepare: Mapping[str, Prepare] = field(default_factory=dict)
    adds: str = ""

    def find_preparation(self, form: Form | None) -> Prepare | None:
        """Return the preparation for a call with this form, if it needs one."""
        if form is not None:
            for name, prepare in self.prepare.items():
                if form.get(name):
                    return prepare
        return None

    def check_access(self, account: Account) -> None:
        """Raise ApiError if the account may not use the method at all."""
        if self.resellers_only and not account.reseller:
            raise ApiError(Code.NO_ACCESS, FEATURE_CLOSED)

    def __call__(self, call: Call, form: Form) -> Outcome[Mapping[str, Any]]:
        result = self.run(call, **self.arguments(call.account, form))
        return result if isinstance(result, Outcome) else Outcome(result, ())

    def arguments(self, account: Account, form: Form) -> dict[str, Any]:
        """Return the function's arguments, read from the form. Raises ApiError.

        A missing required parameter is reported before an invalid one.
        """
        for name in self.required:
            if not self.params[name].is_given(form, wire_name(name)):
                raise ApiError(Code.FIELD_EMPTY, self.empty.format(wire_name(name)))
        arguments = {}
        # Most calls give few of the parameters, so the others are not even looked at.
        given = [self._positions[name] for name in self._positions.keys() & form.keys()]
        for position in sorted(self._read_always.union(given)):
            name, wire, _, param = self._wired[position]
            value = param.read(form, wire)
            if isinstance(value, Paging) and value.size == UNSIZED:
                value = replace(value, size=account.page_size or profiles.PROFILES[account.profile].page_size)
            if value is not None:
                arguments[name] = value
            elif name in self.required:
                raise ApiError(Code.FIELD_EMPTY, self.empty.format(wire))
        return arguments

    @cached_property
    def _wired(self) -> Sequence[tuple[str, str, str, Param]]:
        """Each parameter with its name in Python and its name and alias on the wire."""
        return [(name, wire_name(name), param.alias, param) for name, param in self.params.items()]

    @cached_property
    def _read_always(self) -> frozenset[int]:
        """The positions in `_wired` of parameters that read more than one field."""
        return frozenset(n for n, (_, _, _, param) in enumerate(self._wired) if not param.reads_one_field)

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        """The position in `_wired` of the parameter that reads a field, by the field."""
        positions: dict[str, int] = {}
        for n, (_, wire, alias, param) in enumerate(self._wired):
            if param.reads_one_field:
                positions |= {wire: n, alias: n} if alias else {wire: n}
        return positions

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of all form fields the method reads, except custom fields given by name."""
        aliases = {alias for _, _, alias, _ in self._wired if alias}
        return frozenset(aliases.union(*(param.fields(wire) for _, wire, _, param in self._wired)))

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The names of form fields whose values are secret."""
        return frozenset(name for _, *names, param in self._wired if param.secret for name in names)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The names of form fields that hold URLs, which may contain secrets."""
        return frozenset(
            name for _, *names, param in self._wired if param.schema().get("format") == "uri" for name in names
        )

    @cached_property
    def open_fields(self) -> frozenset[str]:
        """The names of form fields whose values need no redaction."""
        return self.fields - self.secrets - self.addresses

    @cached_property
    def number_fields(self) -> tuple[str, ...]:
        """The names of form fields that hold phone numbers, except the sender."""
        return tuple(wire for _, wire, _, param in self._wired if param.msisdn and not param.sender)

    @cached_property
    def sender_field(self) -> str | None:
        """The name of the form field that says who sends, if there is one."""
        return next((wire for _, wire, _, param in self._wired if param.sender), None)

    @cached_property
    def hinted_fields(self) -> frozenset[str]:
        """The names of form fields that a hint may be about, except numbers and URLs."""
        judged = {name for _, *names, param in self._wired for name in names if name and param.has_hints}
        return frozenset(judged | self.hints.keys())

    @cached_property
    def secret_replies(self) -> frozenset[str]:
        """The keys of the response whose values are secret."""
        return find_marked_keys(self.returns, SECRET)

    @cached_property
    def address_replies(self) -> frozenset[str]:
        """The keys of the response whose values are URLs that the user gave."""
        return find_marked_keys(self.returns, ADDRESS)


def wire_name(name: str) -> str:
    """Return a parameter's name on the wire: `from_` is `from`, which is a keyword in Python."""
    return name.rstrip("_")


def method(
    group: str,
    errors: Sequence[Code] = (),
    empty: str = "Required field '{}' is empty",
    resellers_only: bool = False,
    bills_messages: str = "",
    hints: Mapping[str, _Hint] | None = None,
    prepare: Mapping[str, Prepare] | None = None,
    adds: str = "",
) -> Callable[[Callable[..., Any]], Method]:
    """Declare a method of the API with its chapter (`group`) and its own error codes.

    FIELD_EMPTY is added if it has required parameters, and NO_ACCESS if it is for resellers only.
    """

    def declare(run: Callable[..., Any]) -> Method:
        types = get_type_hints(run, include_extras=True)
        parameters = dict(list(inspect.signature(run).parameters.items())[1:])
        defaults = {n: p.default for n, p in parameters.items() if p.default is not inspect.Parameter.empty}
        required = tuple(name for name in parameters if name not in defaults)
        implied = {
            code for code, applies in ((Code.FIELD_EMPTY, required), (Code.NO_ACCESS, resellers_only)) if applies
        }
        return Method(
            name=run.__name__.replace("_", "-"),
            group=group,
            run=run,
            params={name: find_param(types[name]) for name in parameters},
            required=required,
            defaults=defaults,
            returns=_reply_type(types["return"]),
            errors=ALWAYS | implied | set(errors),
            empty=empty,
            doc=inspect.getdoc(run) or "",
            resellers_only=resellers_only,
            bills_messages=bills_messages,
            hints=hints or {},
            prepare=prepare or {},
            adds=adds,
        )

    return declare


def _reply_type(returned: Any) -> type:
    reply: type = get_args(returned)[0] if get_origin(returned) is Outcome else returned
    return reply


def find_param(hint: Any) -> Param:
    """Return the `Param` in an annotation, even inside `X | None`."""
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Annotated:
            for extra in part.__metadata__:
                if isinstance(extra, Param):
                    return extra
    raise TypeError(f"{hint} has no Param")
