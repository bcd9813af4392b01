"""Extensions of ASGI between the application and our server; other servers work without them."""

CONNECTION = "sms-sandbox.connection"
"""Key in the extensions of a request: its `end(with_reset)` ends the connection, with or without a TCP reset."""

CALL_FACTS = "sms-sandbox.call-facts"
"""Key in the extensions of a request: a dictionary for facts about a call of the API, if the server logs them."""
