"""The control API, under /_sandbox/v1: what a test does to a tenant."""

PREFIX = "/_sandbox/v1"
