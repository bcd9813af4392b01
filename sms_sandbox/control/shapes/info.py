"""The shape of the server's own data."""

from .primitives import Response


class Info(Response):
    """The server's version, addresses and certificate files."""

    name: str
    version: str
    https: str
    http: str
    ca: str
    ca_bundle: str
