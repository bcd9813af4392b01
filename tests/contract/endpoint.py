"""A small endpoint that is not a sandbox, for tests of the contract suite. It can be made to answer wrongly."""

import json
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "endpoint-key-1234", "endpoint-secret-5678"
OK = {"code": "SUCCESS", "description": "OK"}
STATS = {"delivered": 0, "pending": 0, "bounced": 0, "responses": 0, "optouts": 0}
MOMENT = "2020-06-21 04:47:25"
HIDDEN = {"name": "Hidden Name", "number": 61499999999, "field": "HiddenField"}
"""Data that must not appear in any recording."""


class Endpoint:
    """An endpoint with a few methods of the API, over plain HTTP."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.lists: dict[int, str] = {}
        self.scheduled: set[int] = set()
        self.over_limit = 0
        """Number of next calls that get a 429."""
        self.info: dict[str, Any] | None = None
        """The answer at the sandbox's address for information about itself."""
        self.changes: dict[str, Any] = {}
        """Changed keys of answers, by method."""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                endpoint.answer(self)

            def do_POST(self) -> None:
                endpoint.answer(self)

            def do_DELETE(self) -> None:
                endpoint.answer(self)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def forms_of(self, method: str) -> list[dict[str, str]]:
        """Return the forms of a method's calls."""
        return [form for name, form in self.calls if name == method]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        if parts.path.startswith("/_sandbox"):
            tenant = {"name": "t", "key": KEY, "secret": SECRET}
            answer = self.info if parts.path.endswith("/info") else tenant
            return write(request, 200 if self.info else 404, answer or {})
        method = parts.path.rpartition("/")[2].partition(".")[0]
        form = dict(parse_qsl(parts.query) + parse_qsl(body))
        self.calls.append((method, form))
        if request.headers.get("Authorization") != f"Basic {b64encode(f'{KEY}:{SECRET}'.encode()).decode()}":
            return write(request, 401, refusal("AUTH_FAILED", "The auth data you have provided is invalid."))
        if self.over_limit:
            self.over_limit -= 1
            return write(request, 429, refusal("OVER_LIMIT", "You have exceeded the request limit."))
        status, answer = self.call(method, form)
        return write(request, status, {**answer, **self.changes.get(method, {}), "error": answer["error"]})

    def call(self, method: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if method == "get-balance":
            return 200, {"balance": 12.345, "currency": "AUD", "error": OK}
        if method == "add-list":
            list_id = 100 + len(self.lists)
            self.lists[list_id] = form["name"]
            return 200, {
                "id": list_id,
                "name": form["name"],
                "created": MOMENT,
                "members_active": 0,
                "fields": [],
                "error": OK,
            }
        if method == "remove-list":
            if self.lists.pop(int(form["list_id"]), None) is None:
                return 400, refusal("NOT_FOUND", "The resource with this key is not found.")
            return 200, {"error": OK}
        if method == "add-to-list":
            return 200, {
                "list_id": int(form["list_id"]), "msisdn": HIDDEN["number"], "first_name": HIDDEN["name"],
                "last_name": None, "created_at": MOMENT, "status": "active", "fields": {HIDDEN["field"]: "x"},
                "error": OK,
            }  # fmt: skip
        if method == "send-sms":
            self.scheduled.add(message_id := 1000 + len(self.calls))
            return 200, {
                "message_id": message_id, "send_at": MOMENT, "recipients": 1, "cost": 0.087, "sms": 1,
                "delivery_stats": STATS, "error": OK,
            }  # fmt: skip
        if method == "cancel-sms":
            self.scheduled.discard(int(form["id"]))
            return 200, {"success": "OK", "error": OK}
        return 404, refusal("NOT_IMPLEMENTED", "The method you are requesting is unsupported.")


def refusal(code: str, description: str) -> dict[str, Any]:
    return {"error": {"code": code, "description": description}}


def write(request: BaseHTTPRequestHandler, status: int, answer: dict[str, Any]) -> None:
    body = json.dumps(answer, separators=(",", ":")).replace("/", "\\/").encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json; charset=utf-8")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
