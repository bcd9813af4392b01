"""The contract suite: tests of the API's promises, over HTTP alone. It imports nothing of sms_sandbox."""
