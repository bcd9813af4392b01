"""A call and its answer, as hints and traffic entries read them."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from .answer import Answer
from .declare import Method
from .forms import Form


class AnsweredCall(NamedTuple):
    """A call with the answer it got.

    `form` is None if the body could not be read; `method` is None if no method has that name.
    """

    at: int
    """Real time when the call came in, in microseconds since 1970."""
    took: int
    """Time until the response was rendered, in microseconds."""
    verb: str
    path: str
    content_type: str
    authorization: str
    name: str
    method: Method | None
    form: Form | None
    answer: Answer
    json: bytes | None
    """The body of the response, if the client asked for JSON."""


class ApiContext(NamedTuple):
    """Facts about the API that hints need besides the call."""

    methods: Mapping[str, Method]
    callback_hosts: Collection[str] = ()
    """Public hosts that callbacks may go to."""
