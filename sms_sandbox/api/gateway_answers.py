"""Answers of the gateway in front of the real API: JSON without an error block (reference 1.8, 3.1)."""

import json
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from .http_responses import CompleteResponse
from .render import Verbatim

_USUAL_LIMIT = 20
"""Calls per second that the gateway names for an account without a limit: those of the logged account."""


class GatewayAnswer(Struct, frozen=True, dict=True):
    """A status and a body. The body is JSON even if the call asked for XML."""

    status: int
    body: bytes

    @cached_property
    def reply(self) -> Mapping[str, Verbatim]:
        """The body as data."""
        return {name: Verbatim(text) for name, text in json.loads(self.body).items()}

    def response(self) -> CompleteResponse:
        """Return the whole response, without the headers of the API."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = [(b"server", b"nginx"), (b"content-type", b"application/json"), length]
        return {"status": self.status, "headers": headers, "body": self.body}


def throttled(limit: int) -> GatewayAnswer:
    """Return the answer to a call over the limit. `limit` is in calls per second; 0 is no limit."""
    description = f"You have exceeded the request limit of {limit or _USUAL_LIMIT}r/s"
    return GatewayAnswer(429, f'{{"code":"429 Too Many Requests", "description":"{description}"}}'.encode())


MAINTENANCE = GatewayAnswer(502, b'{"code":"503","description":"transmitsms is down for maintainence."}')
"""The answer during maintenance, spelled as the real service does."""
