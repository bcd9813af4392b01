"""Ways to be wrong about callbacks."""

from collections.abc import Callable
from dataclasses import replace

from tests.contract.exchanges import Callback, Relay, Send


def changed(change: Callable[[Callback], Callback]) -> Relay:
    return lambda callback, send: send(change(callback))


def swallowed(*keys: str) -> Relay:
    """Make none of the callbacks that have all these parameters."""
    return lambda callback, send: 200 if set(keys) <= dict(callback.query).keys() else send(callback)


def twice(callback: Callback, send: Send) -> int:
    send(callback)
    return send(callback)


def received(callback: Callback, send: Send) -> int:
    """Take a failure for a success, so that nothing is tried again."""
    send(callback)
    return 200


def renamed(old: str, new: str) -> Relay:
    return changed(
        lambda callback: replace(callback, query=[(new if k == old else k, value) for k, value in callback.query])
    )


def saying(key: str, value: str) -> Relay:
    """Say always the same in a parameter."""
    return changed(
        lambda callback: replace(callback, query=[(k, value if k == key else each) for k, each in callback.query])
    )


def forged(callback: Callback) -> Callback:
    return replace(callback, signature="0" * 64)


def unsigned(callback: Callback) -> Callback:
    return replace(callback, signature="")


def in_other_order(callback: Callback) -> Callback:
    return replace(callback, query=list(reversed(callback.query)))


OURS = {
    "message_id", "mobile", "datetime", "status", "user_id", "rate", "response", "response_id", "longcode",
    "datetime_entry", "is_optout", "link_hits", "type", "list_id",
}  # fmt: skip


def without_own(callback: Callback) -> Callback:
    """Drop what the URL brought along."""
    return replace(callback, query=[pair for pair in callback.query if pair[0] in OURS])
