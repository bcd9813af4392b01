"""What a test does to the world, under /_sandbox/v1."""

PREFIX = "/_sandbox/v1"
