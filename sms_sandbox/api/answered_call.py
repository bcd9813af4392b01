"""A call and its answer, as hints and traffic entries read them."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from msgspec import Struct

from .answer import Answer
from .declare import Method
from .forms import Form
from .http_responses import CompleteResponse
from .render import Render


class ReceivedCall(Struct):
    """A call as it came in."""

    at: int
    """Real time when the call came in, in microseconds since 1970."""
    began: int
    """Moment when the call came in, on the clock that only goes forward, in nanoseconds."""
    verb: str
    path: str
    content_type: str
    authorization: str
    name: str
    wants_json: bool
    reply_type: str
    """Content type of the response."""
    render: Render
    encodings: bytes
    """The Accept-Encoding header."""
    keeps_alive: bool
    """True if the client may send its next call on the same connection."""
    form: Form | None = None
    """None if the body could not be read."""
    method: Method | None = None
    """None if no method has that name."""
    response: CompleteResponse | None = None
    """The response to send; None until the call is answered."""


class AnsweredCall(NamedTuple):
    """A call with the answer it got."""

    at: int
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
