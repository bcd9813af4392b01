"""A client of callbacks that sends nothing."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from sms_sandbox.simulation.callbacks.http_client import CallbackClient, CallbackRequest
from sms_sandbox.store.callbacks import Outcome

FILE = b"mobile,firstname\n61491570156,Uno\n61491570157,Duo\n61491570158,Tre\n"


class CallbackRecorder(CallbackClient):
    """Answers each callback with 200, and each request for a file with FILE."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.status = 200

    async def send(self, request: CallbackRequest) -> Outcome:
        await asyncio.sleep(0)
        self.urls.append(request.url)
        error = None if self.status == 200 else f"answered {self.status}"
        return Outcome(
            request.tenant, request.callback, request.number, request.began, request.at, self.status, error, 0, ""
        )  # fmt: skip

    async def fetch(self, url: str, take: Callable[[bytes], object]) -> None:  # noqa: ARG002 (overrides)
        await asyncio.sleep(0)
        take(FILE)

    def received(self, **wanted: object) -> bool:
        """Return True if a callback with these parameters was made."""
        queries = [parse_qs(urlsplit(url).query) for url in self.urls]
        return any(all(query.get(name) == [str(value)] for name, value in wanted.items()) for query in queries)
