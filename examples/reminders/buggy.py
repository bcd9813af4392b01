"""Reminds people of their appointments by SMS. It works, until something goes wrong: it has three bugs."""

import json
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

TRIES = 3


class Reminders:
    """`people` want reminders; `delivered` counts those that reached somebody."""

    def __init__(self, url: str, key: str, secret: str, ca: str, people: Iterable[str]) -> None:
        self._host = urlsplit(url).netloc
        self._basic = f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"
        self._trusting = ssl.create_default_context(cafile=ca)
        self.people = set(people)
        self.delivered = 0

    def remind(self, number: str, text: str) -> None:
        """Send a reminder, and try again where no good answer comes."""
        if number not in self.people:
            return
        for _ in range(TRIES):
            if self._call("send-sms", to=number, message=text) is not None:
                return

    def heard(self, callback: dict[str, str]) -> None:
        """Note what a callback says."""
        if callback.get("status") == "delivered":
            self.delivered += 1

    def web(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        """The WSGI application that callbacks go to."""
        self.heard(dict(parse_qsl(environ["QUERY_STRING"])))
        start_response("204 No Content", [])
        return []

    def _call(self, method: str, **params: str) -> Any:
        """The reply of a method; None where none came that can be read."""
        connection = HTTPSConnection(self._host, timeout=5, context=self._trusting)
        headers = {"Authorization": self._basic, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request("POST", f"/{method}.json", urlencode(params), headers)
            return json.load(connection.getresponse())
        except (OSError, HTTPException, ValueError):
            return None
        finally:
            connection.close()
