"""An app that sends appointment reminders by SMS. It works until something goes wrong: it has three bugs."""

import json
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

MAX_ATTEMPTS = 3


class Reminders:
    """The reminder service. `people` are its subscribers; `delivered` counts delivered reminders."""

    def __init__(self, url: str, key: str, secret: str, ca: str, people: Iterable[str]) -> None:
        self._host = urlsplit(url).netloc
        self._authorization = f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"
        self._tls = ssl.create_default_context(cafile=ca)
        self.people = set(people)
        self.delivered = 0

    def remind(self, number: str, text: str) -> None:
        """Send a reminder, and retry if there is no usable answer."""
        if number not in self.people:
            return
        for _ in range(MAX_ATTEMPTS):
            if self._call("send-sms", to=number, message=text) is not None:
                return

    def handle_callback(self, callback: dict[str, str]) -> None:
        """Update the state from a callback."""
        if callback.get("status") == "delivered":
            self.delivered += 1

    def web(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        """Receive a callback: the WSGI application."""
        self.handle_callback(dict(parse_qsl(environ["QUERY_STRING"])))
        start_response("204 No Content", [])
        return []

    def _call(self, method: str, **params: str) -> Any:
        """Call a method, and return its answer, or None if there is no readable one."""
        connection = HTTPSConnection(self._host, timeout=5, context=self._tls)
        headers = {"Authorization": self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", f"/{method}.json", urlencode(params), headers)
            return json.load(connection.getresponse())
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            connection.close()
