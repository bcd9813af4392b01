"""Reasons why a request was not answered, in words."""

from http.client import HTTPException, RemoteDisconnected
from ssl import SSLCertVerificationError, SSLEOFError, SSLError

_CLOSED = "the connection was closed without an answer"


def describe_failure(why: Exception) -> str:
    """Return the reason of a failed connection or request, without the marks of a library."""
    match why:
        case SSLCertVerificationError():
            return f"its certificate is not trusted ({why.verify_message})"
        case SSLEOFError():
            return _CLOSED
        case SSLError() if "timed out" in str(why):
            return "no answer in time"
        case SSLError():
            return "what listens there does not speak TLS"
        case TimeoutError():
            return "no answer in time"
        case RemoteDisconnected() | ConnectionResetError() | BrokenPipeError():
            return _CLOSED
        case HTTPException():
            return "what listens there does not speak HTTP"
    return getattr(why, "strerror", None) or str(why) or type(why).__name__


def is_other_program(why: BaseException | None) -> bool:
    """True if a failure shows that something listens at the address, but no sandbox."""
    return isinstance(why, (ConnectionResetError, BrokenPipeError, HTTPException, SSLError)) and not isinstance(
        why, SSLCertVerificationError
    )
