"""The worker's side of the server that all workers of pytest-xdist share."""

import json

from ..client.errors import SandboxError
from ..client.raw_sockets import RawSocket
from ..client.server_log import ServerLog
from ..control.shapes.server_info import ServerInfo
from .sandbox import Sandbox

_START_TIMEOUT_SECONDS = 60.0
"""Longest wait for the server. The first worker that asks for it makes it start."""


def join_server(invitation: str) -> Sandbox:
    """Return the server that all workers share, by the invitation that they got. Raises SandboxError."""
    port, token = invitation.split()
    try:
        connection = RawSocket.connect("127.0.0.1", int(port), _START_TIMEOUT_SECONDS)
        try:
            connection.sendall(f"{token}\n".encode())
            answer = json.loads(connection.makefile().read())
        finally:
            connection.close()
    except (OSError, ValueError) as why:
        raise SandboxError(f"The server that all workers share can't be reached: {why}.") from why
    if "error" in answer:
        raise SandboxError(answer["error"])
    log = answer["log"]
    return Sandbox(ServerInfo.from_json(answer["server"]), log=ServerLog(log) if log else None)
