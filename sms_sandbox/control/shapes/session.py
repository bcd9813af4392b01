"""Shapes of the caller."""

from .primitives import Response


class Session(Response):
    """The caller, and the tenant that its calls act on.

    `asks_for_credentials` is true where other machines can call; elsewhere everybody is the operator. `operator`: calls
    may reach every tenant. `signed_in`: a browser's session says who calls, so it can be ended.
    """

    asks_for_credentials: bool
    operator: bool
    signed_in: bool
    tenant: str
    key: str
