"""What the application and a server of ours tell each other beyond ASGI; other servers and applications do without."""

CONNECTION = "sms-sandbox.connection"
"""Among the extensions of a request: how its connection can be ended, as `end` (with a reset or without)."""

WHOLE = "sms-sandbox.whole"
"""Set in the message that begins a reply whose next message is its whole body."""
