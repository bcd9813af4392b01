"""Extensions of ASGI between the application and our server; other servers work without them."""

CONNECTION = "sms-sandbox.connection"
"""Key in the extensions of a request: its `end(with_reset)` ends the connection, with or without a TCP reset."""

WHOLE = "sms-sandbox.whole"
"""Key set in `http.response.start` if the next message holds the whole body."""
