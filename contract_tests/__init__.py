"""The contract suite: what the API promises, asked of an endpoint over HTTP. It imports nothing of sms_sandbox."""
