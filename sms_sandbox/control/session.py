"""The operation that says who calls."""

from .declare import Call, operation
from .shapes import session as shapes


@operation("GET", "/session")
def read_session(call: Call) -> shapes.Session:
    """Return who calls: the operator or a tenant's account, and the tenant that calls act on."""
    caller = call.caller
    return shapes.Session(
        call.context.access.token is not None, caller.is_operator, caller.is_signed_in, caller.tenant.name,
        caller.account.key,
    )  # fmt: skip


OPERATIONS = (read_session,)
