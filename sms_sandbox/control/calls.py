"""The operation that calls the API, for clients that can't do so over HTTPS."""

from .conversion import parse_reply
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
    return shapes.CallResult(status, parse_reply(reply) if reply else None)


OPERATIONS = (call_api,)
