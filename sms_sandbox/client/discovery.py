"""Discovery of a running server: by its ready file, or by the address of its control API.

The command line takes flags and the testing API takes arguments; both read the same environment variables.
"""

import os
from dataclasses import replace
from pathlib import Path

from ..control.shapes.info import Info
from ..control.shapes.server_info import ServerInfo
from ..settings import Settings, reachable_name, variable
from .control import Client
from .errors import SandboxError


def find_server(
    *, ready_file: str | Path | None, http: str, key: str | None = None, secret: str | None = None,
    token: str | None = None,
) -> ServerInfo:  # fmt: skip
    """Return a server by its ready file, or else by its address.

    A key and secret, or a token, take the place of those in the file. Without a file, addresses and certificates but
    for `http` are empty. Raises SandboxError if the file can't be read.
    """
    if ready_file is None:
        where = ServerInfo(https="", http=http, ca="", ca_bundle="", key="", secret="")
    else:
        where = read_ready_file(ready_file)
    if key is not None and secret is not None:
        where = replace(where, key=key, secret=secret)
    return where if token is None else replace(where, control_token=token)


def discover_server(
    ready_file: str | Path | None, http: str | None, key: str | None, secret: str | None, token: str | None
) -> ServerInfo:
    """Return a running server by what is given, and by the environment for the rest. Raises SandboxError."""
    if (key is None) != (secret is None):
        raise ValueError("Give a key and its secret together.")
    if http is None and ready_file is None:
        ready_file = _from_environment("ready_file")
    if ready_file is not None:
        return find_server(ready_file=ready_file, http="", key=key, secret=secret, token=token)
    usual = Settings()
    usual_key, usual_secret = usual.pairs[0]
    if http is None:
        host = _from_environment("host") or usual.host
        http = control_address(host, int(_from_environment("http_port") or usual.http_port))
    where = find_server(
        ready_file=None,
        http=http,
        key=key or _from_environment("key") or usual_key,
        secret=secret or _from_environment("secret") or usual_secret,
        token=token or _from_environment("control_token"),
    )
    client = Client(where)
    try:
        info = client.read(Info, "GET", "/info")
    finally:
        client.close_connections()
    return replace(where, https=info.https, ca=info.ca, ca_bundle=info.ca_bundle)


def control_address(host: str, http_port: int) -> str:
    """Return the address of the control API for the server's host and port.

    Raises SandboxError for port 0, because the server picks the port then.
    """
    if not http_port:
        raise SandboxError("With port 0 the server picks a free port, so use --ready-file to find it.")
    return f"http://{reachable_name(host)}:{http_port}"


def read_ready_file(path: str | Path) -> ServerInfo:
    """Read what a server wrote when it was ready. Raises SandboxError."""
    try:
        return ServerInfo.from_json(Path(path).read_text())
    except (OSError, ValueError) as why:
        reason = getattr(why, "strerror", None) or why
        raise SandboxError(
            f"The ready file {path} can't be read: {reason}. `sms-sandbox serve --ready-file` writes it."
        ) from why


def _from_environment(setting: str) -> str | None:
    return os.environ.get(variable(setting)) or None
