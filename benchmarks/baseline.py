"""The servers the sandbox is measured against: the simplest ones that could do the same, on uvicorn with TLS.

`bare` gives every request the same answer, without a framework. `echo` is a Starlette application whose endpoints read
the same form and answer the same JSON as the sandbox.
"""

import argparse
import asyncio
import ssl
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import uvicorn

SENT = {
    "message_id": 340000001,
    "send_at": "2030-01-31 12:00:00",
    "recipients": 1,
    "cost": 0.087,
    "sms": 1,
    "delivery_stats": {"delivered": 0, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0},
    "error": {"code": "SUCCESS", "description": "OK"},
}
"""The answer to a send-sms, as the sandbox gives it."""


async def bare(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def echo() -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    ids = count(340000001)

    async def send_sms(request: Request) -> JSONResponse:
        form = await request.form()
        assert form["to"]
        assert form["message"]
        return JSONResponse({**SENT, "message_id": next(ids)})

    async def get_balance(request: Request) -> JSONResponse:
        await request.form()
        return JSONResponse({"balance": 1000.0, "currency": "AUD", "error": {"code": "SUCCESS", "description": "OK"}})

    def route(path: str, endpoint: Callable[[Request], Awaitable[JSONResponse]]) -> Route:
        return Route(path, endpoint, methods=["GET", "POST"])

    return Starlette(routes=[route("/send-sms.json", send_sms), route("/get-balance.json", get_balance)])


class PortPrintingServer(uvicorn.Server):
    """A server that prints its port on stdout when it listens."""

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("which", choices=("bare", "echo"))
    parser.add_argument("certificate")
    parser.add_argument("key")
    arguments = parser.parse_args()
    config = uvicorn.Config(
        bare if arguments.which == "bare" else echo(), port=0, loop="uvloop", http="httptools", ws="none",
        lifespan="off", access_log=False, log_config=None, ssl_certfile=arguments.certificate,
        ssl_keyfile=arguments.key, ssl_version=ssl.PROTOCOL_TLS_SERVER, timeout_keep_alive=75,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(PortPrintingServer(config).serve())


if __name__ == "__main__":
    main()
