"""The data with which clients find a running server. The server prints it and writes it to its ready file.

This is a plain dataclass, because the server must not wait for msgspec when it starts.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

_REQUIRED = ("https", "http", "ca", "ca_bundle", "key", "secret")


@dataclass(frozen=True)
class ServerInfo:
    """Addresses and certificates of a running server, and the credentials of an account.

    `control_token` is None if the control API needs no token. `pid` is 0 if it is not known.
    """

    https: str
    http: str
    ca: str
    ca_bundle: str
    key: str
    secret: str = field(repr=False)
    pid: int = field(default=0, compare=False)
    control_token: str | None = field(default=None, repr=False)

    def to_json(self) -> str:
        """Return the line that the server prints, and the content of its ready file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ServerInfo":
        """Read the content of a ready file. Fields that are not known are ignored. Raises ValueError."""
        try:
            data: Any = json.loads(text)
        except ValueError:
            data = None
        if not isinstance(data, dict) or not data.keys() >= set(_REQUIRED):
            raise ValueError("it was not written by a sandbox")
        return cls(**{each.name: data[each.name] for each in fields(cls) if each.name in data})
