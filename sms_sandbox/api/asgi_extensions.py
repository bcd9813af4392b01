"""Extension of ASGI between the application and our server; other servers work without it."""

CONNECTION = "sms-sandbox.connection"
"""Key in the extensions of a request: its `end(with_reset)` ends the connection, with or without a TCP reset."""
