"""The control API, under /_sandbox/v1, with which a test controls a tenant."""

PREFIX = "/_sandbox/v1"
