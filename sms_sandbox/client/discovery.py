"""Finding a sandbox that runs already."""

import json
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ..settings import Settings, variable
from .control import Client, SandboxError, Whereabouts

NEEDED = ("https", "http", "ca", "ca_bundle", "key", "secret")


def find(
    ready_file: str | Path | None, http: str | None, key: str | None, secret: str | None, token: str | None
) -> Whereabouts:
    """Where a sandbox is, by what is given and else by the environment. Raises SandboxError where none is found."""
    if (key is None) != (secret is None):
        raise ValueError("A key and its secret go together.")
    if http is None and ready_file is None:
        ready_file = os.environ.get(variable("ready_file"))
    if ready_file is not None:
        found = read(ready_file)
        if key is not None and secret is not None:
            found = replace(found, key=key, secret=secret)
        return replace(found, control_token=token) if token is not None else found
    usual_key, usual_secret = Settings().pairs[0]
    where = Whereabouts(
        https="",
        http=http or f"http://127.0.0.1:{os.environ.get(variable('http_port')) or Settings().http_port}",
        ca="",
        ca_bundle="",
        key=key or os.environ.get(variable("key")) or usual_key,
        secret=secret or os.environ.get(variable("secret")) or usual_secret,
        control_token=token or os.environ.get(variable("control_token")),
    )
    client = Client(where)
    try:
        info = client.control("GET", "/info")
    finally:
        client.hang_up()
    return replace(where, https=info["https"], ca=info["ca"], ca_bundle=info["ca_bundle"])


def read(ready_file: str | Path) -> Whereabouts:
    """What a sandbox wrote when it was ready."""
    try:
        found = json.loads(Path(ready_file).read_text())
    except (OSError, ValueError) as why:
        raise SandboxError(f"The ready file {ready_file} can't be read: {why}.") from why
    if not isinstance(found, dict) or not found.keys() >= set(NEEDED):
        raise SandboxError(f"The file {ready_file} is none that a sandbox wrote when it was ready.")
    known: dict[str, Any] = {each.name: found.get(each.name) for each in fields(Whereabouts)}
    return Whereabouts(**known)
