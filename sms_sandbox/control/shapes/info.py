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


class Connection(Info):
    """The server's addresses and files, and the credentials of the account.

    `secret` is null where control asks for a token. `is_remote`: the caller is on another machine, where the files and
    the command are not; /_sandbox/ca.pem is the certificate to download. `env_command` prints the environment with
    which programs trust the sandbox.
    """

    key: str
    secret: str | None
    env_command: list[str]
    is_remote: bool = False
