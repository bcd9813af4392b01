"""The undocumented names of uvicorn that `sms_sandbox.server` uses; a version without them fails here."""

import asyncio
import logging
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

CLASSES: dict[type, tuple[str, ...]] = {
    HttpToolsProtocol: (
        "connection_made", "connection_lost", "data_received", "on_message_begin", "on_headers_complete",
        "on_body", "on_message_complete", "on_response_complete", "send_400_response", "timeout_keep_alive_handler",
    ),
    RequestResponseCycle: ("send",),
    uvicorn.Server: ("startup", "shutdown", "handle_exit", "run"),
    uvicorn.Config: ("load",),
}  # fmt: skip
"""Methods that are called or overridden."""


def uvicorn_lacks(what: str) -> str:
    return (
        f"uvicorn {version('uvicorn')} has no {what}, which sms_sandbox/server uses: adapt that, then change the "
        "version in pyproject.toml."
    )


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in CLASSES.items() for name in names])
def test_a_method_that_the_server_uses_is_there(owner: type, name: str) -> None:
    assert callable(getattr(owner, name, None)), uvicorn_lacks(f"{owner.__name__}.{name}")


@pytest.mark.anyio
async def test_the_attributes_that_the_server_uses_are_there() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        """Never called."""

    config = uvicorn.Config(app, http=HttpToolsProtocol, ws="none", lifespan="on", log_config=None)
    config.load()
    state = ServerState()
    server, protocol, lifespan = uvicorn.Server(config), HttpToolsProtocol(config, state, {}), LifespanOn(config)
    stand_in: Any = config
    log = logging.getLogger("test")
    flow = FlowControl(stand_in)
    cycle = RequestResponseCycle(
        stand_in, stand_in, flow, log, log, False, [], asyncio.Event(), False, True, lambda: None
    )  # fmt: skip
    used: list[tuple[object, tuple[str, ...]]] = [
        (
            protocol,
            (
                "loop",
                "transport",
                "scope",
                "headers",
                "cycle",
                "flow",
                "parser",
                "logger",
                "server_state",
                "expect_100_continue",
            ),
        ),
        (server, ("config", "server_state", "should_exit", "started")),
        (state, ("tasks", "connections", "default_headers")),
        (lifespan, ("state",)),
        (flow, ("write_paused", "drain", "pause_reading")),
        (
            cycle,
            (
                "scope",
                "transport",
                "flow",
                "default_headers",
                "keep_alive",
                "response_started",
                "response_complete",
                "disconnected",
                "waiting_for_100_continue",
                "message_event",
                "on_response",
            ),
        ),
    ]
    for owner, names in used:
        for name in names:
            assert hasattr(owner, name), uvicorn_lacks(f"{type(owner).__name__}.{name}")
    assert protocol.loop is asyncio.get_running_loop()
    assert getattr(cycle.send, "__self__", None) is cycle, uvicorn_lacks("RequestResponseCycle behind `send`")
    assert STATUS_LINE[200] == b"HTTP/1.1 200 OK\r\n"


def test_uvicorn_is_pinned_to_the_minor_version_that_is_tested_here() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    major, minor, *_ = version("uvicorn").split(".")
    assert f"uvicorn~={major}.{minor}.0" in project["optional-dependencies"]["server"]
