"""A call that was answered, as it is looked at afterwards: for the journal, and for hints."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from .answer import Answer
from .declare import Method
from .forms import Form


class Seen(NamedTuple):
    """A call as it was answered: when (real microseconds), how, and with what. `form` is None where the body could not
    be read, `method` where there is none of that name."""

    at: int
    took: int
    verb: str
    path: str
    content_type: str
    authorization: str
    name: str
    method: Method | None
    form: Form | None
    answer: Answer
    spelled: bytes | None
    """The reply as JSON, if it went out so."""


class Surroundings(NamedTuple):
    """What hints know besides the call: the methods there are, and the public hosts callbacks may go to."""

    methods: Mapping[str, Method]
    callback_hosts: Collection[str] = ()
