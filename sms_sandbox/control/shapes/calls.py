"""Shapes of calls of the API that control makes for an account."""

from typing import Annotated, Any

from msgspec import Meta, field

from .faults import MethodName, check_method
from .primitives import Request, Response

Value = Annotated[str, Meta(max_length=100_000)]


class NewCall(Request):
    """A call to make: the method, and its parameters."""

    method: MethodName
    params: dict[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_method(self.method)


class CallResult(Response):
    """The result of a call: the HTTP status and the reply. The status is 0 if a fault ended the connection."""

    status: int
    reply: Any
