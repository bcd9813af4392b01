"""Mutators of callbacks."""

from collections.abc import Callable
from dataclasses import replace

from tests.contract.exchanges import Callback, Relay, Send


def change_callback(change: Callable[[Callback], Callback]) -> Relay:
    return lambda callback, send: send(change(callback))


def drop(*keys: str) -> Relay:
    """Drop callbacks that have all these parameters."""
    return lambda callback, send: 200 if set(keys) <= dict(callback.query).keys() else send(callback)


def send_twice(callback: Callback, send: Send) -> int:
    send(callback)
    return send(callback)


def claim_success(callback: Callback, send: Send) -> int:
    """Report every callback as successful, so that none is retried."""
    send(callback)
    return 200


def rename_parameter(old: str, new: str) -> Relay:
    return change_callback(
        lambda callback: replace(callback, query=[(new if k == old else k, value) for k, value in callback.query])
    )


def set_parameter(key: str, value: str) -> Relay:
    """Set a parameter to a constant."""
    return change_callback(
        lambda callback: replace(callback, query=[(k, value if k == key else each) for k, each in callback.query])
    )


def with_wrong_signature(callback: Callback) -> Callback:
    return replace(callback, signature="0" * 64)


def without_signature(callback: Callback) -> Callback:
    return replace(callback, signature="")


def with_reversed_parameters(callback: Callback) -> Callback:
    return replace(callback, query=list(reversed(callback.query)))


SANDBOX_PARAMETERS = {
    "message_id", "mobile", "datetime", "status", "user_id", "rate", "response", "response_id", "longcode",
    "datetime_entry", "is_optout", "link_hits", "type", "list_id",
}  # fmt: skip


def without_own_parameters(callback: Callback) -> Callback:
    """Drop the parameters of the callback URL."""
    return replace(callback, query=[pair for pair in callback.query if pair[0] in SANDBOX_PARAMETERS])
