"""Refusals of the control API: a status, a stable code, and a sentence."""

from typing import Any

STATUSES = {
    "bad_body": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "quota": 403,
    "not_found": 404,
    "not_allowed": 405,
    "conflict": 409,
    "too_large": 413,
    "invalid": 422,
    "too_many": 429,
    "failed": 500,
    "unavailable": 503,
}
"""Codes and the HTTP status of each."""


class ControlError(Exception):
    """A refusal; `code` is one of STATUSES."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUSES[self.code]

    @property
    def reply(self) -> dict[str, Any]:
        """The body of the response, as plain data."""
        return {"error": {"code": self.code, "message": self.message}}


def gone() -> ControlError:
    """Return the refusal for a tenant that was deleted during the call."""
    return ControlError("not_found", "The tenant is gone.")
