"""The exception handlers of the control application, which turn refusals and failures into responses."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from ..services.access import AccessError
from ..services.quotas import QuotaError
from ..store.timeline import GoneError
from . import PREFIX
from .errors import ControlError, gone


def _response(refusal: ControlError) -> Response:
    return JSONResponse(refusal.reply, refusal.status, {"cache-control": "no-store"})


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if isinstance(error, AccessError):
        error = ControlError(error.code, error.message)
    if isinstance(error, QuotaError):
        error = ControlError("quota", str(error))
    return _response(error if isinstance(error, ControlError) else gone())


async def no_such_path(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a path under `/_sandbox/v1` that no operation has."""
    path = request.scope["path"]
    return _response(ControlError("not_found", f"There is nothing at {path}; {PREFIX}/openapi.json lists what is."))


async def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    allowed = sorted(set(((error.headers or {})["Allow"]).split(", ")) - {"HEAD"})
    path = request.scope["path"]
    return _response(ControlError("not_allowed", f"{path} takes {', '.join(allowed)}, not {request.method}."))


async def disconnected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """End a request whose client left before the end of its body."""
    return Response(status_code=400)  # nobody reads this


async def control_failed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    """Answer a request that failed because of an error in the sandbox."""
    # Starlette raises the error again after this response, and uvicorn logs it.
    return _response(ControlError("failed", "The sandbox failed; its log says why."))


HANDLERS: Mapping[Any, ExceptionHandler] = {
    ControlError: _refused,
    AccessError: _refused,
    QuotaError: _refused,
    GoneError: _refused,
    404: no_such_path,
    405: _not_allowed,
    ClientDisconnect: disconnected,
    Exception: control_failed,
}
"""By exception class or HTTP status."""
