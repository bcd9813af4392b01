"""The operation that calls the API, for clients that can't do so over HTTPS."""

import json
from typing import Any

from .declare import LongCall, operation
from .server_sent_events import until_disconnect
from .shapes import calls as shapes


@operation("POST", "/calls", is_recorded=False)
async def call_api(call: LongCall, body: shapes.NewCall) -> shapes.CallResult:
    """Call a method of the API as the account.

    It is a call like any other: charged, throttled, met by faults, and part of the traffic.
    """
    secret = call.account.secret or ""
    work = call.context.call_api(call.account.key, secret, body.method, body.params)
    status, reply = await until_disconnect(call.receive, work)
    return shapes.CallResult(status, _read(reply))


def _read(reply: bytes) -> Any:
    """Return the reply as data, or as text if a fault has broken it. None if there is none."""
    try:
        return json.loads(reply) if reply else None
    except ValueError:
        return reply.decode("utf-8", "replace")


OPERATIONS = (call_api,)
